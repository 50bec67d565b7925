import { believedAfter } from './limits.ts';
import type { Refusal } from './service-failure.ts';

/**
 * Which refusals of a table's rows pass when the rows are sent again, and which stay. A refusal of unknown meaning is
 * worth some tries; not for each of a thousand rows that meet it. Pure; one for each table.
 */
export class KnownRefusals {
  readonly #stayed = new Map<string, number>();

  /** Rows that were refused so stay refused. */
  isBelieved(refusal: Refusal): boolean {
    return (this.#stayed.get(keyOf(refusal)) ?? 0) >= believedAfter;
  }

  stayed(refusal: Refusal): void {
    const key = keyOf(refusal);
    this.#stayed.set(key, (this.#stayed.get(key) ?? 0) + 1);
  }

  passed(refusal: Refusal): void {
    this.#stayed.delete(keyOf(refusal));
  }
}

const keyOf = ({ status, code }: Refusal): string => `${status} ${code}`;
