import type { Api } from './api.ts';
import type { InspectionState } from './state.ts';

/** What can be looked into: whether linking can work, and which tables the map is about. */
export type InspectionKind = InspectionState['kind'];

/** Has the app look into its set-up, and keeps the answer for the page to show. */
export class Inspector {
  readonly #get: () => InspectionState | undefined;
  readonly #set: (inspection: InspectionState | undefined) => void;
  /** Tells an answer that came too late from the one that is waited for. */
  #latest = 0;

  constructor(get: () => InspectionState | undefined, set: (inspection: InspectionState | undefined) => void) {
    this.#get = get;
    this.#set = set;
  }

  /** Resolves to what a screen reader is to hear; undefined where the answer is no longer wanted. */
  async look(api: Api, kind: InspectionKind): Promise<string | undefined> {
    const turn = ++this.#latest;
    this.#set({ kind, isLoading: true, report: undefined, discovery: undefined, problem: undefined, isCopied: false });
    try {
      const answer =
        kind === 'doctor' ? { report: await api.checkUp() } : { discovery: await api.discover(), isCopied: false };
      this.#finish(turn, answer);
    } catch (error) {
      this.#finish(turn, { problem: error instanceof Error ? error.message : String(error) });
    }
    if (turn !== this.#latest) return undefined;
    return kind === 'doctor' ? 'The set-up has been checked.' : 'The tables have been discovered.';
  }

  close(): void {
    this.#latest++;
    if (this.#get() !== undefined) this.#set(undefined);
  }

  /** Puts the set-up on the clipboard; where the browser does not let us, it is selected, to be copied by hand. */
  async copy(text: string, field: HTMLTextAreaElement | null): Promise<void> {
    let isCopied = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      field?.focus();
      field?.select();
      isCopied = false;
    }
    const now = this.#get();
    if (now !== undefined) this.#set({ ...now, isCopied });
  }

  #finish(turn: number, change: Partial<InspectionState>): void {
    const now = this.#get();
    if (turn === this.#latest && now !== undefined) this.#set({ ...now, ...change, isLoading: false });
  }
}
