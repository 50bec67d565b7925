import type { Api, RowQuery } from './api.ts';
import type { RowsState } from './state.ts';

/** Turns the pages of a task's rows, searches them, and saves them all as CSV. */
export class RowPager {
  readonly #get: () => RowsState | undefined;
  readonly #set: (rows: RowsState | undefined) => void;
  /** Tells an answer that came too late from the one that is waited for. */
  #latest = 0;
  /** Whether the rows were loaded after their task had ended. */
  #isFinal = false;

  constructor(get: () => RowsState | undefined, set: (rows: RowsState | undefined) => void) {
    this.#get = get;
    this.#set = set;
  }

  close(): void {
    this.#latest++;
    if (this.#get() !== undefined) this.#set(undefined);
  }

  async open(
    api: Api,
    { runId, table, outcome, search }: Pick<RowsState, 'runId' | 'table' | 'outcome' | 'search'>,
  ): Promise<void> {
    this.#isFinal = false;
    const first: RowsState = {
      runId,
      table,
      outcome,
      search,
      rows: [],
      before: [],
      here: undefined,
      next: undefined,
      examined: 0,
      isLoading: true,
      problem: undefined,
      exported: undefined,
    };
    await this.#load(api, first);
  }

  /** Looks again on the first page while the task goes, and once more when it has ended. */
  async follow(api: Api, runId: string, table: string, hasEnded: boolean): Promise<void> {
    const rows = this.#get();
    if (rows === undefined || rows.runId !== runId || rows.table !== table || rows.isLoading) return;
    if (this.#isFinal || rows.here !== undefined) return;
    this.#isFinal = hasEnded;
    await this.#load(api, rows);
  }

  async turn(api: Api, direction: 'next' | 'before'): Promise<void> {
    const rows = this.#get();
    if (rows === undefined) return;
    const to =
      direction === 'next'
        ? { before: [...rows.before, rows.here], here: rows.next }
        : { before: rows.before.slice(0, -1), here: rows.before.at(-1) };
    await this.#load(api, { ...rows, ...to, isLoading: true });
  }

  async #load(api: Api, wanted: RowsState): Promise<void> {
    const turn = ++this.#latest;
    this.#set(wanted);
    try {
      const page = await api.rows(wanted.runId, wanted.table, queryOf(wanted, wanted.here));
      if (turn !== this.#latest) return;
      this.#set({
        ...(this.#get() ?? wanted),
        rows: page.rows,
        next: page.continuation,
        examined: page.examined,
        isLoading: false,
        problem: undefined,
      });
    } catch (error) {
      if (turn !== this.#latest) return;
      this.#set({ ...wanted, isLoading: false, problem: error instanceof Error ? error.message : String(error) });
    }
  }

  /** All rows that match, page by page, as one file. */
  async save(api: Api): Promise<void> {
    const rows = this.#get();
    if (rows === undefined) return;
    const { runId, table, outcome } = rows;
    const texts: string[] = [];
    let continuation: string | undefined;
    let count = 0;
    try {
      do {
        this.#progress(count);
        const page = await api.csv(runId, table, queryOf(rows, continuation));
        texts.push(page.text);
        count += page.text.split('\r\n').length - 1;
        continuation = page.continuation;
      } while (continuation !== undefined);
      offer(new Blob(texts, { type: 'text/csv' }), `${table}-${outcome ?? 'rows'}-${runId.slice(0, 8)}.csv`);
    } catch (error) {
      const now = this.#get();
      if (now !== undefined) this.#set({ ...now, problem: error instanceof Error ? error.message : String(error) });
    }
    this.#progress(undefined);
  }

  #progress(exported: number | undefined): void {
    const now = this.#get();
    if (now !== undefined) this.#set({ ...now, exported });
  }
}

const queryOf = ({ outcome, search }: RowsState, continuation: string | undefined): RowQuery => ({
  outcome,
  search,
  continuation,
});

function offer(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has the content once the click is done with.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
