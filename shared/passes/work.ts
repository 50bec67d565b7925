import type { z } from 'zod';
import type { Finding, Run } from '../contracts/run.ts';
import type { RunWork } from '../runs/work.ts';
import type { EndedPass, LinkState, Pass } from '../state/link-states.ts';
import type { PassTask } from './new-pass.ts';
import type { PhaseOrder } from './phases.ts';
import type { SliceStart } from './slice.ts';

/** A slice that is about to begin. */
export interface Preparing {
  readonly table: string;
  /** The run whose pass is carried on or begun. */
  readonly run: Run;
  /** Nothing was done for the run in this table yet: what it needs is looked at more closely. */
  readonly isBeginning: boolean;
  /** Done before anything is made that would let rows look as if they had been dealt with. */
  readonly beforeCreate: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Work on a table whose requirements hold. */
export interface ReadyWork {
  /**
   * Whether a pass that has begun may be carried on under what is set up now; else it is forgotten and begins anew. A
   * pass is under one set-up from its beginning to its end: its watermark says so.
   */
  mayCarryOn(pass: Pass): boolean;
  /** A new pass as it begins; what it reads and why is decided here, and said in its details. */
  begin(state: LinkState, task: PassTask): Pass;
  /** About how many rows a pass reads that reads everything; undefined where nobody knows. For people: nothing hangs on it. */
  expected?(): Promise<number | undefined>;
  /**
   * Carries a pass on from where it stands until it ends.
   * @throws TimeUpError, LostRaceError, or the reason of the slice's signal; the state then says where to go on
   */
  carryOn(slice: SliceStart): Promise<EndedPass>;
}

/** Whether a table can be worked on; if not, every finding. */
export type Readiness =
  | { readonly kind: 'ready'; readonly work: ReadyWork }
  | { readonly kind: 'skipped'; readonly findings: readonly Finding[] };

/** A kind of work as the engine knows it. Slices, checkpoints and states are the same for all kinds. */
export interface Work extends RunWork {
  /** Reads a pass of this kind as it is stored: one of a union, by phase. */
  readonly pass: z.ZodType<Pass>;
  /** Which phase of such a pass may follow which; `end` is the end of the pass. */
  readonly phases: PhaseOrder;
  /**
   * Looks at a table before a slice works on it, and makes what the work needs there.
   * @throws TerminalError where the set-up names the table no longer, or something may not be made
   */
  prepare(preparing: Preparing): Promise<Readiness>;
}
