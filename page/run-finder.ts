import type { Api } from './api.ts';
import { type RunFilter, runFilterQuery } from './run-filter.ts';
import type { FoundRuns } from './state.ts';

const [perPage, perOlderPage] = [20, 100];

/** Finds runs by a filter; the app looks at some hundred runs for each answer. */
export class RunFinder {
  readonly #get: () => FoundRuns | undefined;
  readonly #set: (found: FoundRuns | undefined) => void;
  /** Tells an answer that came too late from the one that is waited for. */
  #latest = 0;

  constructor(get: () => FoundRuns | undefined, set: (found: FoundRuns | undefined) => void) {
    this.#get = get;
    this.#set = set;
  }

  close(): void {
    this.#latest++;
    if (this.#get() !== undefined) this.#set(undefined);
  }

  /** Shows the newest runs of a filter; asked again with the same one, it looks whether there are newer ones. */
  async find(api: Api, filter: RunFilter): Promise<void> {
    const before = this.#get();
    const isSame = before !== undefined && isSameFilter(before.filter, filter);
    // Whoever has gone on to older ones reads them where they stand.
    if (isSame && (before.isLoading || before.hasOlder)) return;
    const empty: FoundRuns = { filter, runs: undefined, older: undefined, hasOlder: false, isLoading: true };
    await this.#load(isSame ? { ...before, isLoading: true } : empty, async () => {
      const { runs, continuation } = await api.findRuns(perPage, filter);
      return { runs, older: continuation };
    });
  }

  async findOlder(api: Api): Promise<void> {
    const before = this.#get();
    if (before?.older === undefined || before.isLoading) return;
    const { filter, older } = before;
    await this.#load({ ...before, isLoading: true, hasOlder: true }, async () => {
      const { runs, continuation } = await api.findRuns(perOlderPage, filter, older);
      return { runs: [...(before.runs ?? []), ...runs], older: continuation };
    });
  }

  async #load(begun: FoundRuns, ask: () => Promise<Pick<FoundRuns, 'runs' | 'older'>>): Promise<void> {
    const turn = ++this.#latest;
    this.#set(begun);
    try {
      const answer = await ask();
      if (turn === this.#latest) this.#set({ ...begun, ...answer, isLoading: false });
    } catch (error) {
      if (turn === this.#latest) this.#set({ ...begun, isLoading: false });
      throw error;
    }
  }
}

const isSameFilter = (a: RunFilter, b: RunFilter): boolean =>
  JSON.stringify(runFilterQuery(a)) === JSON.stringify(runFilterQuery(b));
