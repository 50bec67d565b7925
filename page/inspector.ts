import type { Api } from './api.ts';
import type { InspectionState } from './state.ts';

/** Pause before the counting of segments is looked at again, in milliseconds. */
const countingMs = 1_000;

/** What a screen reader is to hear in the end. */
const news: Readonly<Record<InspectionKind, string>> = {
  doctor: 'The set-up has been checked.',
  discover: 'The tables have been discovered.',
  segments: 'The segments have been counted.',
};

/** What can be looked into: whether linking can work, which tables the map is about, and what segments wait for. */
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
    const nothing = { report: undefined, discovery: undefined, segments: undefined, problem: undefined };
    this.#set({ kind, isLoading: true, ...nothing, isCopied: false });
    try {
      this.#finish(turn, await this.#ask(api, kind, turn));
    } catch (error) {
      this.#finish(turn, { problem: error instanceof Error ? error.message : String(error) });
    }
    if (turn !== this.#latest) return undefined;
    return news[kind];
  }

  async #ask(api: Api, kind: InspectionKind, turn: number): Promise<Partial<InspectionState>> {
    if (kind === 'doctor') return { report: await api.checkUp() };
    if (kind === 'discover') return { discovery: await api.discover(), isCopied: false };
    while (!(await api.countSegments()).complete && turn === this.#latest) {
      await new Promise((resolve) => setTimeout(resolve, countingMs));
    }
    const list = await api.segments();
    const segments = [...list.segments];
    for (let next = list.continuation; next !== undefined && turn === this.#latest; ) {
      const page = await api.segments(next);
      segments.push(...page.segments);
      next = page.continuation;
    }
    return { segments: { ...list, segments } };
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
