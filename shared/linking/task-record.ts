import type { Task } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import { endRunIfDone } from './end-run.ts';
import { type Parts, timeOf } from './parts.ts';
import { type TaskEvent, taskTransitions } from './task-transitions.ts';

/** What a change may touch: the status follows from the event. */
type Change = Partial<Omit<Task, 'runId' | 'table' | 'mode' | 'status'>>;

/**
 * Tells a task's record what happened, again where somebody else changed it in between. A task that has ended stays
 * as it is. Returns the record as it stands then, and whether it was changed; undefined where there is none.
 */
export async function updateTask(
  parts: Parts,
  { runId, table }: { readonly runId: string; readonly table: string },
  event: TaskEvent,
  change: (task: Task) => Change = () => ({}),
): Promise<{ readonly task: Task; readonly isChanged: boolean } | undefined> {
  for (;;) {
    const found = await parts.runs.findTask(runId, table);
    if (found === undefined) return undefined;
    const { value: task, etag } = found;
    if (isFinal(task.status)) return { task, isChanged: false };
    const now = timeOf(parts.now());
    const status = taskTransitions[task.status][event];
    const ended = isFinal(status) ? { endedAt: now } : {};
    const changed: Task = { ...task, ...change(task), ...ended, status, updatedAt: now };
    if (await parts.runs.saveTask({ value: changed, etag })) return { task: changed, isChanged: true };
  }
}

/** Ends a task for good and, with the last one, its run. */
export async function endTask(
  parts: Parts,
  key: { readonly runId: string; readonly table: string },
  event: Exclude<TaskEvent, 'work begins' | 'note'>,
  change?: (task: Task) => Change,
): Promise<void> {
  const updated = await updateTask(parts, key, event, change);
  if (updated?.isChanged) {
    const { runId, table, status, startedAt, queuedAt, counters } = updated.task;
    const durationMs = parts.now() - Date.parse(startedAt ?? queuedAt);
    parts.telemetry.record('backstamp.task.duration', durationMs, { table, status });
    parts.telemetry.log(status === 'Failed' ? 'error' : 'info', 'Task ended', {
      runId,
      table,
      status,
      durationMs,
      ...counters,
    });
  }
  await endRunIfDone(parts, key.runId);
}
