import { firstLinkTask } from '../contracts/link-task.ts';
import type { RunWithTasks, Task } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import { failTask } from './fail-task.ts';
import { mostResends, stalledAfterMs, stalledBesideOthersAfterMs } from './limits.ts';
import type { RunParts } from './parts.ts';
import { movableSince, waitsForTurn } from './turns.ts';
import { updateTask } from './update-task.ts';

const stalledPrefix = 'No sign of life since ';

/** A task that has shown no sign of life for too long. */
export interface StalledTask {
  readonly task: Task;
  /** Other tasks get on meanwhile. */
  readonly isBesideOthers: boolean;
}

/** The tasks of a run that have lost their message, by all signs. */
export function findStalled(parts: RunParts, run: RunWithTasks, open: readonly RunWithTasks[]): StalledTask[] {
  const stalledMs = stalledAfterMs + parts.options.settlingIntervalMs;
  const isOlder = (time: string, ms: number) => parts.now() - Date.parse(time) > ms;
  const active = open.flatMap(({ tasks }) => tasks).filter(({ updatedAt }) => !isOlder(updatedAt, stalledMs));
  return run.tasks.flatMap((task) => {
    if (isFinal(task.status) || waitsForTurn(parts, run, task)) return [];
    const since = movableSince(parts, run, task);
    const isBesideOthers = active.some(({ runId, table }) => runId !== task.runId || table !== task.table);
    return isOlder(since, isBesideOthers ? stalledBesideOthersAfterMs : stalledMs) ? [{ task, isBesideOthers }] : [];
  });
}

/** Sends a task on its way again, once though two should find it; ends it where that has helped too often in vain. */
export async function sendAgain(parts: RunParts, { task, isBesideOthers }: StalledTask): Promise<void> {
  const { runId, table, updatedAt } = task;
  const resends = task.details.filter((line) => line.startsWith(stalledPrefix)).length;
  if (resends >= mostResends && !isBesideOthers) {
    await failTask(
      parts,
      task,
      `The task was sent on its way ${resends} times and showed no sign of life. See the log of link-table.`,
    );
    return;
  }
  const line = isBesideOthers
    ? `Waited since ${updatedAt} while other tasks got on: sent on its way again.`
    : `${stalledPrefix}${updatedAt}: sent on its way again.`;
  // Whoever says so first sends it; a record that has changed since is a sign of life.
  const claimed = await updateTask(parts, task, 'note', (current) =>
    current.updatedAt === updatedAt ? { details: [...current.details, line] } : undefined,
  );
  if (claimed?.isChanged !== true) return;
  parts.telemetry.log('warn', 'A task showed no sign of life', { runId, table, since: updatedAt, resends });
  await parts.messenger.sendLinkTasks([{ ...firstLinkTask(runId, table), followUp: task.passes }]);
}
