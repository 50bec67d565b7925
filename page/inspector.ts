import type { Api } from './api.ts';
import type { InspectionState } from './state.ts';

/** Pause before the counting of segments is looked at again, in milliseconds. */
const countingMs = 1_000;

/** What can be looked into: whether linking can work, which tables the map is about, what segments wait for, who did what. */
export type InspectionKind = InspectionState['kind'];

/** What a screen reader is to hear in the end. */
const news: Readonly<Record<InspectionKind, string>> = {
  doctor: 'The set-up has been checked.',
  discover: 'The tables have been discovered.',
  segments: 'The segments have been counted.',
  audit: 'The list is there.',
};

/** Has the app look into something, and keeps the answer for the page to show. */
export class Inspector {
  readonly #get: () => InspectionState | undefined;
  readonly #set: (inspection: InspectionState | undefined) => void;
  /** Tells an answer that came too late from the one that is waited for. */
  #latest = 0;

  constructor(get: () => InspectionState | undefined, set: (inspection: InspectionState | undefined) => void) {
    this.#get = get;
    this.#set = set;
  }

  /**
   * Resolves to what a screen reader is to hear; undefined where the answer is no longer wanted.
   * @param mayRefresh whether whoever asks may have segments counted; else they are shown as last counted
   */
  async look(api: Api, kind: InspectionKind, mayRefresh: boolean): Promise<string | undefined> {
    const turn = ++this.#latest;
    const nothing = {
      report: undefined,
      discovery: undefined,
      segments: undefined,
      audit: undefined,
      problem: undefined,
    };
    this.#set({ kind, isLoading: true, ...nothing });
    try {
      this.#finish(turn, await this.#ask(api, kind, turn, mayRefresh));
    } catch (error) {
      this.#finish(turn, { problem: error instanceof Error ? error.message : String(error) });
    }
    return turn === this.#latest ? news[kind] : undefined;
  }

  async #ask(api: Api, kind: InspectionKind, turn: number, mayRefresh: boolean): Promise<Partial<InspectionState>> {
    if (kind === 'doctor') return { report: await api.callDoctor() };
    if (kind === 'discover') return { discovery: await api.discover() };
    if (kind === 'audit') return { audit: await api.audit() };
    while (mayRefresh && !(await api.countSegments()).complete && turn === this.#latest) {
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

  #finish(turn: number, change: Partial<InspectionState>): void {
    const now = this.#get();
    if (turn === this.#latest && now !== undefined) this.#set({ ...now, ...change, isLoading: false });
  }
}
