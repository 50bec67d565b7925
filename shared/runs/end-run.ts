import { type LinkingCompleted, linkingCompletedType } from '../contracts/linking-completed.ts';
import type { RunWithTasks } from '../contracts/run.ts';
import { isFinal, type Status, worstOf } from '../contracts/status.ts';
import { type RunParts, timeOf } from './parts.ts';
import { giveTurns } from './turns.ts';

/**
 * Draws the conclusion from the end of a task: tasks that waited for it are sent on their way, and a run whose tasks have
 * all ended ends, with the worst of their statuses, and tells the world. Safe to call at any
 * time: a run that is not done, or has ended, stays as it is. The event goes out before the end is recorded, so it is
 * sent at least once; its id makes a second copy recognisable.
 */
export async function endRunIfDone(parts: RunParts, runId: string): Promise<void> {
  for (;;) {
    const shown = await parts.runs.show(runId);
    if (shown === undefined || shown.endedAt !== undefined) return;
    if (await giveTurns(parts, shown)) continue;
    const ended = new Set(shown.tasks.filter(({ status }) => isFinal(status)).map(({ table }) => table));
    if (!shown.tables.every((table) => ended.has(table))) return;
    const status = worstOf(shown.tasks.map((task) => task.status));
    const endedAt = timeOf(parts.now());
    await parts.messenger.publishLinkingCompleted(completedEvent(parts, shown, status, endedAt));

    const run = await parts.runs.find(runId);
    if (run === undefined || run.value.endedAt !== undefined) return;
    if (await parts.runs.save({ value: { ...run.value, status, endedAt }, etag: run.etag })) {
      const durationMs = parts.now() - Date.parse(run.value.receivedAt);
      parts.telemetry.record('backstamp.run.duration', durationMs, { status, mode: run.value.mode });
      parts.telemetry.log(status === 'Failed' ? 'error' : 'info', 'Run ended', {
        runId,
        status,
        durationMs,
        tables: shown.tasks.length,
        failedTables: shown.tasks.filter((task) => task.status === 'Failed').length,
      });
      return;
    }
    // Somebody changed the run in between (a cancellation, say): look again.
  }
}

function completedEvent(parts: RunParts, run: RunWithTasks, status: Status, time: string): LinkingCompleted {
  return {
    specversion: '1.0',
    id: `${run.runId}/completed`,
    source: parts.options.dataverseUrl,
    type: linkingCompletedType,
    subject: run.runId,
    time,
    datacontenttype: 'application/json',
    data: {
      runId: run.runId,
      eventId: run.eventId,
      mode: run.mode,
      status,
      tables: run.tasks.map(({ table, status: taskStatus, counters }) => ({ table, status: taskStatus, counters })),
    },
  };
}
