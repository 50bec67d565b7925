import type { Counters } from '../shared/contracts/counters.ts';
import { isFinal } from '../shared/contracts/is-final.ts';
import type { Task } from '../shared/contracts/run.ts';
import type { RunSummary } from '../shared/contracts/run-summary.ts';

/** How far work has come, all on one basis: rows per second times the time at work are the rows. */
export interface Progress {
  readonly rows: number;
  /** Time at work, without the waits between passes, in milliseconds. */
  readonly workedMs: number;
  readonly perSecond: number;
  /** About how many rows there are in all; undefined where only what changed is read, and nobody knows how much that is. */
  readonly total: number | undefined;
  /** About how long it still takes at this speed, in milliseconds. */
  readonly leftMs: number | undefined;
}

/** Undefined where nothing has begun. */
function progressOf(rows: number, workedMs: number | undefined, total: number | undefined): Progress | undefined {
  if (workedMs === undefined) return undefined;
  const perSecond = workedMs > 0 ? rows / (workedMs / 1000) : 0;
  const leftMs = total === undefined || perSecond === 0 ? undefined : (Math.max(0, total - rows) / perSecond) * 1000;
  return { rows, workedMs, perSecond, total, leftMs };
}

interface Worked {
  readonly status: string;
  readonly startedAt?: string | undefined;
  readonly endedAt?: string | undefined;
  readonly workedMs?: number | undefined;
  readonly counters: Counters;
}

/** What a task's passes have told; while the first is at work, the time since it began. */
const timeAtWork = ({ status, startedAt, endedAt, workedMs }: Worked, now: number): number | undefined => {
  if (workedMs !== undefined || startedAt === undefined) return workedMs;
  if (endedAt !== undefined) return Date.parse(endedAt) - Date.parse(startedAt);
  return isFinal(status) ? undefined : Math.max(0, now - Date.parse(startedAt));
};

export const taskProgress = (task: Task, now: number): Progress | undefined =>
  progressOf(task.counters.read, timeAtWork(task, now), task.passes === 0 ? task.expected : undefined);

/** Of a run's tables together, over the time of the one that took longest: they are worked on side by side. */
export function runProgress(
  { summary, status, endedAt }: Pick<RunSummary, 'summary' | 'status' | 'endedAt'>,
  now: number,
): Progress | undefined {
  return progressOf(summary.counters.read, timeAtWork({ ...summary, status, endedAt }, now), summary.expected);
}
