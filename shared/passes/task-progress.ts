import { addCounters } from '../contracts/counters.ts';
import type { Task } from '../contracts/run.ts';
import { TerminalError } from '../errors.ts';
import { progressIntervalMs } from '../runs/limits.ts';
import { type RunParts, timeOf } from '../runs/parts.ts';
import { updateTask } from '../runs/update-task.ts';
import type { Pass } from '../state/link-states.ts';
import type { ReadyWork } from './work.ts';

/** How the lines begin that say why a task is not getting on; they go when it does. */
const waitingPrefix = 'Looking again after ';
export const interruptedPrefix = 'Interrupted, ';
const turnPrefix = 'Waits for its turn: ';

/** A task's details without what was said of a wait or an interruption that is over. */
export const withoutWaits = (details: readonly string[]): string[] =>
  details.filter((line) => ![waitingPrefix, interruptedPrefix, turnPrefix].some((prefix) => line.startsWith(prefix)));

/** The line that says when and why another pass looks again. */
export const followUpLine = (at: number, reason: string): string => `${waitingPrefix}${timeOf(at)}: ${reason}.`;

interface TaskKey {
  readonly runId: string;
  readonly table: string;
}

/** A pass of the task's own begins. */
export async function tellStart(parts: RunParts, key: TaskKey): Promise<Task> {
  const updated = await updateTask(parts, key, 'work begins', (task) => ({
    startedAt: task.startedAt ?? timeOf(parts.now()),
    details: withoutWaits(task.details),
  }));
  if (updated === undefined) throw new TerminalError(`There is no record of run ${key.runId} with table ${key.table}.`);
  return updated.task;
}

/** A pass begins that reads everything: how much that is, as far as it can be told, lets people see how far it has come. */
export async function tellExpected(parts: RunParts, key: TaskKey, work: Pick<ReadyWork, 'expected'>): Promise<void> {
  // Without the number the work goes on as well; what is wrong with Dataverse shows where it matters.
  const expected = await work.expected?.().catch(() => undefined);
  if (expected !== undefined) await updateTask(parts, key, 'note', () => ({ expected }));
}

/** The table's pass belongs to another run and is carried on first: a sign of life from the one that waits. */
export async function tellTurn(parts: RunParts, key: TaskKey, owner: string): Promise<void> {
  await updateTask(parts, key, 'note', ({ details }) => ({
    details: [...withoutWaits(details), `${turnPrefix}run ${owner} is at work on ${key.table}.`],
  }));
}

/** Writes a pass's counters to its task's record now and then. */
export function reportProgress(parts: RunParts, key: TaskKey, onMove: () => void): (pass: Pass) => Promise<void> {
  let reportedAt = parts.now();
  return async ({ base, counters }) => {
    onMove();
    if (parts.now() - reportedAt < progressIntervalMs) return;
    reportedAt = parts.now();
    await updateTask(parts, key, 'note', () => ({ counters: addCounters(base, counters) }));
  };
}
