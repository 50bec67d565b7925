import { addCounters, type Counters } from '../contracts/counters.ts';
import type { LinkState, Pass, Slot } from '../state/link-states.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { RowsReport } from './link-rows.ts';
import { type Parts, timeOf } from './parts.ts';
import type { TableContext } from './prepare.ts';

/** Thrown inside a slice when another writer changed the table's state: everything this slice still wants to do is dropped. */
export class LostRaceError extends Error {
  override name = 'LostRaceError';
}

/** Thrown inside a slice when its time is up and the page at hand is not done. */
export class TimeUpError extends Error {
  override name = 'TimeUpError';
}

/** Rows of a rehearsal's sample, for each kind of outcome and page. */
const rehearsalSample = 100;

/**
 * The part of a pass that one invocation does: the pass as it stands, and the only ways to move it on.
 * A checkpoint is one compare-and-set; whoever loses it stops.
 */
export class Slice {
  readonly parts: Parts;
  readonly slot: Slot;
  readonly context: TableContext;
  /** An operator confirmed what a safety limit had stopped. */
  readonly isConfirmed: boolean;
  /** Aborted when the run is canceled. */
  readonly signal: AbortSignal;
  /** Aborted when the run is canceled or the slice's time is up: no further write begins then. */
  readonly writeSignal: AbortSignal;
  /**
   * Nobody has tried the page at the cursor yet. In the store this is true only between two slices that ended
   * cleanly: while one runs, it may die with a page half written.
   */
  isPageUntried: boolean;
  readonly #onProgress: (pass: Pass) => Promise<void>;
  #state: LinkState & { pass: Pass };
  #etag: string;

  constructor(given: {
    parts: Parts;
    slot: Slot;
    context: TableContext;
    isConfirmed: boolean;
    state: LinkState & { pass: Pass };
    etag: string;
    signal: AbortSignal;
    isPageUntried: boolean;
    timeUp: AbortSignal;
    onProgress: (pass: Pass) => Promise<void>;
  }) {
    this.parts = given.parts;
    this.slot = given.slot;
    this.context = given.context;
    this.isConfirmed = given.isConfirmed;
    this.signal = given.signal;
    this.writeSignal = AbortSignal.any([given.signal, given.timeUp]);
    this.#onProgress = given.onProgress;
    this.isPageUntried = given.isPageUntried;
    this.#state = given.state;
    this.#etag = given.etag;
  }

  get state(): LinkState & { readonly pass: Pass } {
    return this.#state;
  }

  get pass(): Pass {
    return this.#state.pass;
  }

  get isRehearsal(): boolean {
    return this.slot.rehearsalOf !== undefined;
  }

  /** Moves the pass on. From here on a crash costs nothing that came before. */
  async checkpoint(change: Partial<Pass>): Promise<void> {
    await this.save({ ...this.#state, pass: { ...this.pass, ...change } });
    await this.#onProgress(this.pass);
  }

  /** Stores the state; the pass may be over then. */
  async save(state: LinkState): Promise<void> {
    const etag = await this.parts.linkStates.save(this.slot, state, this.#etag);
    if (etag === undefined) throw new LostRaceError(`Another writer changed the link state of ${this.slot.table}`);
    this.#etag = etag;
    this.#state = state as LinkState & { pass: Pass };
  }

  /** Stops here where the slice's time is up; nothing is under way then. */
  async stopIfTimeIsUp(): Promise<void> {
    this.signal.throwIfAborted();
    if (!this.writeSignal.aborted) return;
    await this.checkpoint({ untried: this.isPageUntried });
    throw new TimeUpError();
  }

  /** Keeps what must outlive the process, before the checkpoint that says the rows are dealt with. */
  async record(report: RowsReport, known: ReadonlyMap<string, PendingRow>): Promise<void> {
    const { parts, pass } = this;
    const { table } = this.slot;
    if (this.isRehearsal) {
      await parts.rowOutcomes.record(pass.runId, table, report.outcomes.slice(0, rehearsalSample));
      return;
    }
    // A row that was pending before keeps the time of its first try.
    const keep = report.keep.map((row) => ({
      ...row,
      firstTriedAt: known.get(row.id)?.firstTriedAt ?? row.firstTriedAt,
    }));
    const drop = report.settled.filter((id) => known.has(id));
    await Promise.all([
      parts.rowOutcomes.record(pass.runId, table, report.outcomes),
      parts.pendingRows.update(table, { keep, drop }),
    ]);
  }

  add(counters: Counters): Counters {
    return addCounters(this.pass.counters, counters);
  }

  now(): string {
    return timeOf(this.parts.now());
  }
}
