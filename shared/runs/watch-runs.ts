import { firstLinkTask } from '../contracts/link-task.ts';
import type { RunWithTasks, Task } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import type { ListedRun } from '../state/runs.ts';
import { endRunIfDone } from './end-run.ts';
import { failTask } from './fail-task.ts';
import { continueRun } from './orchestrate-run.ts';
import type { RunParts } from './parts.ts';
import { recordTableState } from './table-metrics.ts';
import { sendKeptEvents } from './take-diagnostic-log.ts';
import { movableSince, waitsForTurn } from './turns.ts';
import { updateTask } from './update-task.ts';
import { tablesOf } from './work.ts';

/** A task that shows no sign of life for so long has lost its message; longer than any duplicate window. */
const stalledAfterMs = 20 * 60_000;
/** How often a stalled task is sent on its way again before it ends as Failed. */
const maxResends = 5;
/** Runs looked at: older ones have been looked at often enough. */
const runsWatched = 100;

const stalledPrefix = 'No sign of life since ';

/**
 * Finds what was lost between a record and a send, and sends it again: a run without tasks, a task without a message,
 * a run whose last task ended and that did not end itself. Removes runs older than the retention period. Reports how
 * each table stands.
 */
export async function watchRuns(parts: RunParts): Promise<void> {
  await sendKeptEvents(parts);
  const { runs } = await parts.runs.listRecent(runsWatched);
  for (const run of runs) {
    if (run.endedAt === undefined) await watchRun(parts, run);
  }
  await prune(parts);
  // Between runs nothing else tells that a watermark grows old.
  for (const table of tablesOf(parts.works)) {
    recordTableState(parts, table, (await parts.linkStates.load({ table })).state);
  }
}

async function watchRun(parts: RunParts, run: RunWithTasks): Promise<void> {
  const { settlingIntervalMs } = parts.options;
  const patienceMs = stalledAfterMs + settlingIntervalMs;
  const isOld = (time: string) => parts.now() - Date.parse(time) > patienceMs;
  if (run.tasks.length < run.tables.length) {
    if (isOld(run.receivedAt)) {
      await parts.runs.setAsideUnreadableTasks(run.runId);
      await continueRun(parts, run);
    }
    return;
  }
  for (const task of run.tasks) {
    const isStill = !isFinal(task.status) && !waitsForTurn(parts, run, task);
    if (isStill && isOld(movableSince(parts, run, task))) await resend(parts, task);
  }
  await endRunIfDone(parts, run.runId);
}

async function resend(parts: RunParts, task: Task): Promise<void> {
  const { runId, table } = task;
  const resends = task.details.filter((line) => line.startsWith(stalledPrefix)).length;
  parts.telemetry.log('warn', 'A task showed no sign of life', { runId, table, since: task.updatedAt, resends });
  if (resends >= maxResends) {
    await failTask(
      parts,
      task,
      `The task was sent on its way ${resends} times and showed no sign of life. See the log of link-table.`,
    );
    return;
  }
  await parts.messenger.sendLinkTasks([{ ...firstLinkTask(runId, table), followUp: task.passes }]);
  await updateTask(parts, task, 'note', ({ details }) => ({
    details: [...details, `${stalledPrefix}${task.updatedAt}: sent on its way again.`],
  }));
}

async function prune(parts: RunParts): Promise<void> {
  const before = new Date(parts.now() - parts.options.retentionMs).toISOString();
  const old: ListedRun[] = [];
  for await (const listed of parts.runs.receivedBefore(before)) old.push(listed);
  for (const listed of old) {
    const { runId } = listed;
    for (const table of await parts.runs.tablesOf(runId)) {
      await parts.rowOutcomes.remove(runId, table);
      await parts.linkStates.removeRehearsal(runId, table);
    }
    await parts.runs.remove(listed);
  }
  if (old.length > 0) parts.telemetry.log('info', 'Old runs removed', { runs: old.length, before });
}
