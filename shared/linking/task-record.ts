import type { Task } from '../contracts/run.ts';
import { isFinal, type Status } from '../contracts/status.ts';
import { endRunIfDone } from './end-run.ts';
import { type Parts, timeOf } from './parts.ts';

/**
 * Changes a task's record, again where somebody else changed it in between. A final status never changes any more:
 * then, or where `change` gives undefined, the record stays as it is.
 */
export async function updateTask(
  parts: Parts,
  runId: string,
  table: string,
  change: (task: Task) => Task | undefined,
): Promise<Task | undefined> {
  for (;;) {
    const task = await parts.runs.findTask(runId, table);
    if (task === undefined || isFinal(task.value.status)) return task?.value;
    const changed = change(task.value);
    if (changed === undefined) return task.value;
    const value = { ...changed, updatedAt: timeOf(parts.now()) };
    if (await parts.runs.saveTask({ value, etag: task.etag })) return value;
  }
}

/** Ends a task for good and, with the last one, its run. */
export async function endTask(
  parts: Parts,
  runId: string,
  table: string,
  status: Status,
  change: (task: Task) => Partial<Task> = () => ({}),
): Promise<void> {
  const endedAt = timeOf(parts.now());
  const ended = await updateTask(parts, runId, table, (task) => ({ ...task, ...change(task), status, endedAt }));
  // A task that had ended before keeps its own end: nothing new to tell then.
  if (ended?.endedAt === endedAt) {
    const durationMs = parts.now() - Date.parse(ended.startedAt ?? ended.queuedAt);
    parts.telemetry.record('backstamp.task.duration', durationMs, { table, status });
    parts.telemetry.log(status === 'Failed' ? 'error' : 'info', 'Task ended', {
      runId,
      table,
      status,
      durationMs,
      ...ended.counters,
    });
  }
  await endRunIfDone(parts, runId);
}
