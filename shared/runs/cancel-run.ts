import type { Actor } from '../contracts/audit.ts';
import type { Run } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import { cancelLookMs } from './limits.ts';
import { recordTasks } from './orchestrate-run.ts';
import { type RunParts, timeOf } from './parts.ts';
import { endTask } from './task-record.ts';

export interface CancelWatch {
  readonly signal: AbortSignal;
  /** What the signal is aborted with, and nothing else is. */
  readonly reason: Error;
  stop(): void;
}

/** Watches a run's record for a cancellation while a slice works on it. */
export function watchForCancel(parts: RunParts, runId: string): CancelWatch {
  const controller = new AbortController();
  const reason = new Error(`Run ${runId} was canceled`);
  const stop = parts.repeat(cancelLookMs, () => {
    parts.runs.find(runId).then(
      (run) => {
        if (run?.value.cancelRequestedAt !== undefined) controller.abort(reason);
      },
      // The record is out of reach for now; the slice's own reads and writes will say so.
      () => undefined,
    );
  });
  return { signal: controller.signal, reason, stop };
}

/**
 * Cancels a run: its tasks end as Canceled at once, and a slice that is at work stops before its next request.
 * What was linked stays linked; the watermarks stay where they were, so the next run misses nothing.
 * Undefined where there is no such run; a run that has ended is left as it is.
 */
export async function cancelRun(parts: RunParts, runId: string, by?: Actor): Promise<Run | undefined> {
  for (;;) {
    const run = await parts.runs.find(runId);
    if (run === undefined || run.value.endedAt !== undefined) return run?.value;
    const { cancelRequestedAt } = run.value;
    const value: Run =
      cancelRequestedAt === undefined
        ? { ...run.value, cancelRequestedAt: timeOf(parts.now()), ...(by === undefined ? {} : { canceledBy: by }) }
        : run.value;
    if (!(await parts.runs.save({ value, etag: run.etag }))) continue;
    await recordTasks(parts, value);
    const shown = await parts.runs.show(runId);
    for (const task of shown?.tasks ?? []) {
      if (!isFinal(task.status)) await endTask(parts, task, 'canceled');
    }
    return (await parts.runs.find(runId))?.value;
  }
}
