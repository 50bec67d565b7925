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

/** A pass at its beginning, before anything is read; its kind and what is particular to that are added to it. */
export const newPass = (
  { runId, followUp, mode, counters }: PassTask,
  {
    now,
    feed,
    full,
    details,
  }: { readonly now: string; readonly feed: FeedKind; readonly full: boolean; readonly details: string[] },
): Omit<Pass, 'kind' | 'phase'> => ({
  runId,
  followUp,
  mode,
  startedAt: now,
  feed,
  full,
  nextUntried: true,
  sampled: 0,
  newestChange: 0,
  slices: 0,
  // Rows that wait or fail are a state, not an event: each pass counts them anew.
  base: { ...counters, waiting: 0, failed: 0 },
  counters: noRows,
  details,
});
