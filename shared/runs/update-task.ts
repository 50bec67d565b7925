import type { Task } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import { type RunParts, timeOf } from './parts.ts';
import { type TaskEvent, taskTransitions } from './task-transitions.ts';

/** What a change may touch: the status follows from the event. */
export type TaskChange = Partial<Omit<Task, 'runId' | 'table' | 'mode' | 'status'>>;

/**
 * Tells a task's record what happened, again where somebody else changed it in between. A task that has ended stays
 * as it is, and so does one for which `change` gives nothing. Returns the record as it stands then, and whether it was changed; undefined where there is none.
 */
export async function updateTask(
  parts: RunParts,
  { runId, table }: { readonly runId: string; readonly table: string },
  event: TaskEvent,
  change: (task: Task) => TaskChange | undefined = () => ({}),
): Promise<{ readonly task: Task; readonly isChanged: boolean } | undefined> {
  for (;;) {
    const found = await parts.runs.findTask(runId, table);
    if (found === undefined) return undefined;
    const { value: task, etag } = found;
    if (isFinal(task.status)) return { task, isChanged: false };
    const now = timeOf(parts.now());
    const status = taskTransitions[task.status][event];
    const ended = isFinal(status) ? { endedAt: now } : {};
    const changes = change(task);
    if (changes === undefined) return { task, isChanged: false };
    const changed: Task = { ...task, ...changes, ...ended, status, updatedAt: now };
    if (await parts.runs.saveTask({ value: changed, etag })) return { task: changed, isChanged: true };
  }
}
