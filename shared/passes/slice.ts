import type { z } from 'zod';
import { addCounters, type Counters } from '../contracts/counters.ts';
import type { Run } from '../contracts/run.ts';
import { firstWriteShare, pendingLookupsAtOnce, rehearsalSample } from '../runs/limits.ts';
import { timeOf } from '../runs/parts.ts';
import { countRows } from '../runs/table-metrics.ts';
import { type LinkState, LostRaceError, type Pass, type StateKey } from '../state/link-states.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import type { RowsReport, Settled } from './rows-report.ts';
import type { WorkParts } from './work-parts.ts';

/** Thrown inside a slice when its time is up and the page at hand is not done. */
export class TimeUpError extends Error {
  override name = 'TimeUpError';
}

/** A row that waits on account of another map row than before has begun to wait anew. */
const firstTryOf = (row: PendingRow, before: PendingRow | undefined): string =>
  before !== undefined && before.mapRowId === row.mapRowId ? before.firstTriedAt : row.firstTriedAt;

/** What whoever asked for the run permits, and when that was. */
export type Permission = Pick<Run, 'beyondLimits' | 'holds' | 'receivedAt'>;

/** How a slice begins, whatever the work. */
export interface SliceStart {
  readonly stateKey: StateKey;
  readonly permission: Permission;
  /** Id of the message at work. */
  readonly messageId: string;
  readonly state: LinkState & { pass: Pass };
  readonly etag: string;
  readonly signal: AbortSignal;
  /** Nobody has tried what comes next. */
  readonly isNextUntried: boolean;
  readonly timeUp: AbortSignal;
  readonly onProgress: (pass: Pass) => Promise<void>;
}

/** What slices of one kind of work have of their own. */
export interface Kind {
  /** A pass as this kind has it: a union of its phases. */
  readonly pass: Pass;
  /** What metadata tells of the table. */
  readonly context: unknown;
  /** What the work is done with. */
  readonly parts: WorkParts;
}

/** A change of a pass; where it names another phase, what belongs to the one before is left behind. */
export type Change<P> = P extends unknown ? Partial<P> : never;

/**
 * The part of a pass that one invocation does: the pass as it stands, and the only ways to move it on.
 * A checkpoint is one compare-and-set; whoever loses it stops.
 */
export class Slice<K extends Kind = Kind> {
  readonly parts: K['parts'];
  readonly stateKey: StateKey;
  readonly context: K['context'];
  readonly permission: Permission;
  readonly #messageId: string;
  /** Aborted when the run is canceled. */
  readonly signal: AbortSignal;
  /**
   * Nobody has tried what comes next, the page at the cursor say. In the store this is true only between two slices that
   * ended with nothing under way: while one runs, it may die with a page half written.
   */
  isNextUntried: boolean;
  readonly #timeUp: AbortSignal;
  #writeSignal: AbortSignal | undefined;
  #hasMoved = false;
  readonly #onProgress: (pass: Pass) => Promise<void>;
  readonly #schema: z.ZodType<K['pass']>;
  #state: LinkState & { pass: K['pass'] };
  #etag: string;
  #sampled: number;

  /** @throws ZodError where the pass is none of this kind of work */
  constructor(
    given: SliceStart,
    schema: z.ZodType<K['pass']>,
    own: { readonly parts: K['parts']; readonly context: K['context'] },
  ) {
    this.parts = own.parts;
    this.context = own.context;
    this.#schema = schema;
    this.stateKey = given.stateKey;
    this.permission = given.permission;
    this.#messageId = given.messageId;
    this.signal = given.signal;
    this.#timeUp = given.timeUp;
    this.#onProgress = given.onProgress;
    this.isNextUntried = given.isNextUntried;
    this.#state = { ...given.state, pass: schema.parse(given.state.pass) };
    this.#etag = given.etag;
    this.#sampled = given.state.pass.sampled;
  }

  get state(): LinkState & { readonly pass: K['pass'] } {
    return this.#state;
  }

  get pass(): K['pass'] {
    return this.#state.pass;
  }

  /**
   * Aborted when the run is canceled or the slice's time is up: no further write begins then. The first write has a
   * little time in any case; else slices whose reading alone takes too long would never get on.
   */
  get writeSignal(): AbortSignal {
    if (this.#writeSignal === undefined) {
      const grace = this.parts.startTimer(this.parts.options.sliceMs * firstWriteShare);
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

  /**
   * Gives the writes that follow a little time of their own. What comes second in a page would else never have any where
   * rows that come first are refused anew in each slice.
   */
  grantTimeAgain(): void {
    this.#writeSignal = undefined;
  }

  get isRehearsal(): boolean {
    return this.stateKey.rehearsalOf !== undefined;
  }

  /** Moves the pass on. From here on a crash costs nothing that came before. */
  async checkpoint(change: Change<K['pass']>): Promise<void> {
    const before = this.pass.counters;
    await this.rewrite({ ...change, sampled: this.#sampled, movedBy: this.#messageId } as Change<K['pass']>);
    this.#hasMoved = true;
    // A rehearsal's rows were only looked at.
    if (!this.isRehearsal) countRows(this.parts, this.stateKey.table, before, this.pass.counters);
    await this.#onProgress(this.pass);
  }

  /**
   * The last checkpoint of a slice whose time is up, or that cannot go on because of `stopped`: nothing is under way, and
   * the next one knows that.
   */
  async endHere(change: Change<K['pass']>, stopped?: Error): Promise<never> {
    await this.checkpoint({ ...change, sliceStartedAt: undefined } as Change<K['pass']>);
    throw stopped ?? new TimeUpError();
  }

  /** Changes the pass without getting on with it. */
  async rewrite(change: Change<K['pass']>): Promise<void> {
    // The schema leaves behind what belongs to another phase, and lets nothing through that is none.
    await this.save({ ...this.#state, pass: this.#schema.parse({ ...this.pass, ...change }) });
  }

  /** Stores the state; the pass may be over then. */
  async save(state: LinkState): Promise<void> {
    this.#etag = await this.parts.linkStates.save(this.stateKey, state, this.#etag);
    this.#state = state as LinkState & { pass: K['pass'] };
  }

  /** Stops here where the slice's time is up and it has got on; nothing is under way then. */
  async stopIfTimeIsUp(): Promise<void> {
    this.signal.throwIfAborted();
    if (!this.#timeUp.aborted || !this.#hasMoved) return;
    await this.endHere({ nextUntried: this.isNextUntried } as Change<K['pass']>);
  }

  /**
   * Makes sure, right before a write, that this slice still has the table. A slice whose lock was lost while it was
   * held up must not write what it decided long ago.
   */
  async makeSureOfTable(): Promise<void> {
    const { etag } = await this.parts.linkStates.load(this.stateKey);
    if (etag !== this.#etag) throw new LostRaceError(`Another writer has ${this.stateKey.table}`);
  }

  /** Keeps what must outlive the process, before the checkpoint that says the rows are dealt with. */
  async record(
    report: Pick<RowsReport, 'outcomes' | 'keep' | 'settled'>,
    known: ReadonlyMap<string, PendingRow>,
  ): Promise<void> {
    const { parts, pass } = this;
    const { table } = this.stateKey;
    if (this.isRehearsal) return this.sample(report.outcomes);
    const keep = report.keep.map((row) => ({
      ...row,
      firstTriedAt: firstTryOf(row, known.get(row.id)),
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
    await this.parts.rowOutcomes.record(this.pass.runId, this.stateKey.table, sampled, { isReal: false });
  }

  /** What was pending before of the rows that a report settles or keeps. */
  pendingOf({ settled, keep }: Pick<RowsReport, 'settled' | 'keep'>): Promise<Map<string, PendingRow>> {
    return this.#pendingAmong([...new Set([...settled, ...keep].map(({ id }) => id))]);
  }

  /** Those of some rows that are pending. */
  async #pendingAmong(ids: readonly string[]): Promise<Map<string, PendingRow>> {
    const found = new Map<string, PendingRow>();
    if (!this.mayHavePending) return found;
    for (let start = 0; start < ids.length; start += pendingLookupsAtOnce) {
      const rows = await this.parts.pendingRows.among(
        this.stateKey.table,
        ids.slice(start, start + pendingLookupsAtOnce),
      );
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
