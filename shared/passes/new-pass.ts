import { type Counters, noRows } from '../contracts/counters.ts';
import type { FeedKind } from '../contracts/feed-kind.ts';
import type { Mode } from '../contracts/status.ts';
import type { Pass } from '../state/link-states.ts';

/** The task that a pass is for. */
export interface PassTask {
  readonly runId: string;
  readonly followUp: number;
  readonly mode: Mode;
  /** What earlier passes of the same task did. */
  readonly counters: Counters;
}

/** A pass at its beginning, before anything is read; what is particular to its work is added to it. */
export const newPass = (
  { runId, followUp, mode, counters }: PassTask,
  {
    now,
    feed,
    full,
    details,
  }: { readonly now: string; readonly feed: FeedKind; readonly full: boolean; readonly details: string[] },
): Pass => ({
  runId,
  followUp,
  mode,
  startedAt: now,
  phase: 'pending',
  feed,
  full,
  columnCreated: false,
  untried: true,
  walked: 0,
  orphans: 0,
  uncleared: 0,
  conflicts: 0,
  sampled: 0,
  newestChange: 0,
  slices: 0,
  // Rows that wait or fail are a state, not an event: each pass counts them anew.
  base: { ...counters, waiting: 0, failed: 0 },
  counters: noRows,
  carried: 0,
  details,
});
