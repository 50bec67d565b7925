import { addCounters, type Counters } from '../contracts/counters.ts';
import { timeOf } from '../runs/parts.ts';
import { countRows } from '../runs/table-metrics.ts';
import { type LinkState, LostRaceError, type Pass, type Slot } from '../state/link-states.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import type { RowsReport, Settled } from './rows-report.ts';
import type { WorkParts } from './work-parts.ts';

/** Thrown inside a slice when its time is up and the page at hand is not done. */
export class TimeUpError extends Error {
  override name = 'TimeUpError';
}

/** Differences that a rehearsal shows of each table. */
const rehearsalSample = 100;
/** Part of a slice's time that its first write has in any case. */
const graceShare = 1 / 8;
/** Rows looked up among the pending ones at once. */
const lookups = 50;

/** How a slice begins, whatever the work. */
export interface SliceStart {
  readonly slot: Slot;
  readonly mayGoBeyondLimits: boolean;
  /** Id of the message at work. */
  readonly messageId: string;
  readonly state: LinkState & { pass: Pass };
  readonly etag: string;
  readonly signal: AbortSignal;
  readonly isPageUntried: boolean;
  readonly timeUp: AbortSignal;
  readonly onProgress: (pass: Pass) => Promise<void>;
}

/**
 * The part of a pass that one invocation does: the pass as it stands, and the only ways to move it on.
 * A checkpoint is one compare-and-set; whoever loses it stops.
 * `Context` is what metadata tells of the table, and `Parts` what the work is done with: both depend on its kind.
 */
export class Slice<Context = unknown, Parts extends WorkParts = WorkParts> {
  readonly parts: Parts;
  readonly slot: Slot;
  readonly context: Context;
  /** An operator permits what a safety limit had stopped. */
  readonly mayGoBeyondLimits: boolean;
  readonly #messageId: string;
  /** Aborted when the run is canceled. */
  readonly signal: AbortSignal;
  /**
   * Nobody has tried the page at the cursor yet. In the store this is true only between two slices that ended
   * cleanly: while one runs, it may die with a page half written.
   */
  isPageUntried: boolean;
  readonly #timeUp: AbortSignal;
  #writeSignal: AbortSignal | undefined;
  #hasMoved = false;
  readonly #onProgress: (pass: Pass) => Promise<void>;
  #state: LinkState & { pass: Pass };
  #etag: string;
  #sampled: number;

  constructor(given: SliceStart, parts: Parts, context: Context) {
    this.parts = parts;
    this.context = context;
    this.slot = given.slot;
    this.mayGoBeyondLimits = given.mayGoBeyondLimits;
    this.#messageId = given.messageId;
    this.signal = given.signal;
    this.#timeUp = given.timeUp;
    this.#onProgress = given.onProgress;
    this.isPageUntried = given.isPageUntried;
    this.#state = given.state;
    this.#etag = given.etag;
    this.#sampled = given.state.pass.sampled;
  }

  get state(): LinkState & { readonly pass: Pass } {
    return this.#state;
  }

  get pass(): Pass {
    return this.#state.pass;
  }

  /**
   * Aborted when the run is canceled or the slice's time is up: no further write begins then. The first write has a
   * little time in any case; else slices whose reading alone takes too long would never get on.
   */
  get writeSignal(): AbortSignal {
    if (this.#writeSignal === undefined) {
      const grace = this.parts.startTimer(this.parts.options.sliceMs * graceShare);
      const both = new AbortController();
      const abortIfBoth = () => {
        if (grace.aborted && this.#timeUp.aborted) both.abort();
      };
      grace.addEventListener('abort', abortIfBoth);
      this.#timeUp.addEventListener('abort', abortIfBoth);
      this.#writeSignal = AbortSignal.any([this.signal, both.signal]);
    }
    return this.#writeSignal;
  }

  get isRehearsal(): boolean {
    return this.slot.rehearsalOf !== undefined;
  }

  /** Moves the pass on. From here on a crash costs nothing that came before. */
  async checkpoint(change: Partial<Pass>): Promise<void> {
    const before = this.pass.counters;
    await this.save({
      ...this.#state,
      pass: { ...this.pass, ...change, sampled: this.#sampled, movedBy: this.#messageId },
    });
    this.#hasMoved = true;
    // A rehearsal's rows were only looked at.
    if (!this.isRehearsal) countRows(this.parts, this.slot.table, before, this.pass.counters);
    await this.#onProgress(this.pass);
  }

  /**
   * The last checkpoint of a slice whose time is up, or that cannot go on because of `stopped`: nothing is under way, and
   * the next one knows that.
   */
  async endHere(change: Partial<Pass>, stopped?: Error): Promise<never> {
    await this.checkpoint({ ...change, sliceStartedAt: undefined });
    throw stopped ?? new TimeUpError();
  }

  /** Stores the state; the pass may be over then. */
  async save(state: LinkState): Promise<void> {
    this.#etag = await this.parts.linkStates.save(this.slot, state, this.#etag);
    this.#state = state as LinkState & { pass: Pass };
  }

  /** Stops here where the slice's time is up and it has got on; nothing is under way then. */
  async stopIfTimeIsUp(): Promise<void> {
    this.signal.throwIfAborted();
    if (!this.#timeUp.aborted || !this.#hasMoved) return;
    await this.endHere({ untried: this.isPageUntried });
  }

  /**
   * Makes sure, right before a write, that this slice still has the table. A slice whose lock was lost while it was
   * held up must not write what it decided long ago.
   */
  async makeSureOfTable(): Promise<void> {
    const { etag } = await this.parts.linkStates.load(this.slot);
    if (etag !== this.#etag) throw new LostRaceError(`Another writer has ${this.slot.table}`);
  }

  /** Keeps what must outlive the process, before the checkpoint that says the rows are dealt with. */
  async record(
    report: Pick<RowsReport, 'outcomes' | 'keep' | 'settled'>,
    known: ReadonlyMap<string, PendingRow>,
  ): Promise<void> {
    const { parts, pass } = this;
    const { table } = this.slot;
    if (this.isRehearsal) return this.sample(report.outcomes);
    // A row that was pending before keeps the time of its first try.
    const keep = report.keep.map((row) => ({
      ...row,
      firstTriedAt: known.get(row.id)?.firstTriedAt ?? row.firstTriedAt,
    }));
    const isSettled = ({ id, settles = () => true }: Settled): boolean => {
      const pending = known.get(id);
      return pending !== undefined && settles(pending);
    };
    const kept = new Set(keep.map(({ id }) => id));
    const drop = report.settled.filter((row) => isSettled(row) && !kept.has(row.id)).map(({ id }) => id);
    const causes = new Map(keep.map(({ id, cause }) => [id, cause]));
    // What this run said of a row, and what is so no longer.
    const outdated = [...keep.map(({ id }) => id), ...drop]
      .map((id) => known.get(id))
      .filter((row) => row !== undefined && row.runId === pass.runId && causes.get(row.id) !== row.cause)
      .map((row) => ({ id: row?.id ?? '', outcome: row?.cause ?? 'failed' }));
    await Promise.all([
      parts.rowOutcomes.record(pass.runId, table, report.outcomes),
      parts.rowOutcomes.forget(pass.runId, table, outdated),
      parts.pendingRows.update(table, { keep, drop }),
    ]);
  }

  /** Records a rehearsal's first differences. */
  async sample(outcomes: readonly RowOutcome[]): Promise<void> {
    const sampled = outcomes.slice(0, rehearsalSample - this.#sampled);
    this.#sampled += sampled.length;
    await this.parts.rowOutcomes.record(this.pass.runId, this.slot.table, sampled);
  }

  /** Those of some rows that are pending. */
  async pendingAmong(ids: readonly string[]): Promise<Map<string, PendingRow>> {
    const found = new Map<string, PendingRow>();
    if (!this.mayHavePending) return found;
    for (let start = 0; start < ids.length; start += lookups) {
      const rows = await this.parts.pendingRows.among(this.slot.table, ids.slice(start, start + lookups));
      for (const row of rows) found.set(row.id, row);
    }
    return found;
  }

  /** Whether any row of the table may be pending: one was when the pass began, or it was not the first to try. */
  get mayHavePending(): boolean {
    const { counters, slices } = this.pass;
    if (this.isRehearsal) return false;
    return counters.waiting + counters.failed + this.#state.pendingRows > 0 || slices > 1;
  }

  add(counters: Counters): Counters {
    return addCounters(this.pass.counters, counters);
  }

  now(): string {
    return timeOf(this.parts.now());
  }
}
