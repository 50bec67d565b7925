import type { PersonalDataverse, Read, ReadAnswer } from '../dataverse/dataverse.ts';

/** Gives what a read was answered, once its batch was sent. */
export type Answered = () => ReadAnswer;

/** Reads that are gathered from all who want something, and travel in one `$batch`. */
export class Reads {
  readonly #reads: Read[] = [];
  #answers: readonly ReadAnswer[] = [];

  add(read: Read): Answered {
    const at = this.#reads.push(read) - 1;
    return () => this.#answers[at] ?? { kind: 'denied' };
  }

  /** @param caller Entra object id of the person in whose name is read */
  async send(dataverse: PersonalDataverse, caller: string | undefined, signal: AbortSignal): Promise<void> {
    this.#answers = await dataverse.readTogether(this.#reads, caller, signal);
  }
}

/** A condition for rows whose column has one of some values, each as it stands in a filter. */
export const oneOf = (column: string, values: readonly string[]): string =>
  values.map((value) => `${column} eq ${value}`).join(' or ');
