import type { Api } from './api.ts';
import type { LookUpState } from './state.ts';

/** Tables that are asked at once for a row of which only the id is known. */
const askedAtOnce = 4;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Looks a row up: whether it is linked and to whom, why, and what runs did to it. */
export class LookUp {
  readonly #get: () => LookUpState | undefined;
  readonly #set: (lookUp: LookUpState | undefined) => void;
  /** Tells an answer that came too late from the one that is waited for. */
  #latest = 0;

  constructor(get: () => LookUpState | undefined, set: (lookUp: LookUpState | undefined) => void) {
    this.#get = get;
    this.#set = set;
  }

  close(): void {
    this.#latest++;
    if (this.#get() !== undefined) this.#set(undefined);
  }

  /**
   * Looks a row up in its table.
   * @param withOutcomes whether whoever asks may see what runs did
   */
  async open(api: Api, table: string, id: string, withOutcomes: boolean): Promise<void> {
    const turn = this.#begin(table, id);
    try {
      const [answer, explanation, page] = await Promise.all([
        api.profile(table, id),
        api.explanation(table, id),
        withOutcomes ? api.outcomes(table, id) : undefined,
      ]);
      this.#finish(turn, {
        answer,
        explanation,
        ...(page === undefined ? {} : { outcomes: page.outcomes, examined: page.examined, older: page.continuation }),
      });
    } catch (error) {
      this.#finish(turn, { problem: textOf(error) });
    }
  }

  /** Looks for a row of which only the id is known; gives the table that has it, or undefined. */
  async find(api: Api, tables: readonly string[], id: string): Promise<string | undefined> {
    const turn = this.#begin(undefined, id);
    try {
      for (let at = 0; at < tables.length && turn === this.#latest; at += askedAtOnce) {
        const some = tables.slice(at, at + askedAtOnce);
        const answers = await Promise.all(some.map((table) => api.profile(table, id)));
        const found = some.find((_, index) => answers[index] !== undefined);
        if (found !== undefined) return turn === this.#latest ? found : undefined;
      }
      this.#finish(turn, {});
    } catch (error) {
      this.#finish(turn, { problem: textOf(error) });
    }
    return undefined;
  }

  /** Goes on to what older runs did. */
  async loadOlder(api: Api): Promise<void> {
    const now = this.#get();
    if (now?.table === undefined || now.older === undefined) return;
    const turn = ++this.#latest;
    this.#set({ ...now, isLoading: true });
    try {
      const page = await api.outcomes(now.table, now.id, now.older);
      this.#finish(turn, {
        outcomes: [...now.outcomes, ...page.outcomes],
        examined: now.examined + page.examined,
        older: page.continuation,
      });
    } catch (error) {
      this.#finish(turn, { problem: textOf(error) });
    }
  }

  #begin(table: string | undefined, id: string): number {
    this.#set({
      id,
      table,
      isLoading: true,
      answer: undefined,
      explanation: undefined,
      outcomes: [],
      examined: 0,
      older: undefined,
      problem: undefined,
    });
    return ++this.#latest;
  }

  #finish(turn: number, change: Partial<LookUpState>): void {
    const now = this.#get();
    if (turn === this.#latest && now !== undefined) this.#set({ ...now, ...change, isLoading: false });
  }
}
