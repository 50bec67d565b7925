import type { Task } from '../contracts/run.ts';
import { endRunIfDone } from './end-run.ts';
import type { RunParts } from './parts.ts';
import type { TaskEvent } from './task-transitions.ts';
import { type TaskChange, updateTask } from './update-task.ts';

/** Ends a task for good and, with the last one, its run. */
export async function endTask(
  parts: RunParts,
  key: { readonly runId: string; readonly table: string },
  event: Exclude<TaskEvent, 'work begins' | 'note'>,
  change?: (task: Task) => TaskChange,
): Promise<void> {
  const updated = await updateTask(parts, key, event, change);
  if (updated?.isChanged) {
    const { runId, table, mode, status, startedAt, queuedAt, counters } = updated.task;
    const durationMs = parts.now() - Date.parse(startedAt ?? queuedAt);
    parts.telemetry.record('backstamp.task.duration', durationMs, { table, status, mode });
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
