import type { RunWithTasks } from '../contracts/run.ts';
import { isFinal, worstOf } from '../contracts/status.ts';
import { operatorSource } from '../contracts/unification-event.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { completedEvent, publishOrSay } from './announce.ts';
import { type RunParts, timeOf } from './parts.ts';
import { endedWell, giveTurns } from './turns.ts';

/**
 * Draws the conclusion from the end of a task: tasks that waited for it are sent on their way, and a run whose tasks have
 * all ended ends, with the worst of their statuses, and tells the world. Safe to call at any
 * time: a run that is not done, or has ended, stays as it is. The event goes out before the end is recorded, so it is
 * sent at least once; its id makes a second copy recognisable. A topic that does not take it keeps no run open.
 */
export async function endRunIfDone(parts: RunParts, runId: string): Promise<void> {
  for (;;) {
    const shown = await parts.runs.show(runId);
    if (shown === undefined || shown.endedAt !== undefined) return;
    if (await giveTurns(parts, shown)) continue;
    const ended = new Set(shown.tasks.filter(({ status }) => isFinal(status)).map(({ table }) => table));
    if (!shown.tables.every((table) => ended.has(table))) return;
    const status = worstOf(shown.tasks.map((task) => task.status));
    const end = { status, endedAt: timeOf(parts.now()) };
    const reason = await publishOrSay(parts, completedEvent(parts, { ...shown, ...end }));
    const unannounced = reason === undefined ? {} : { unannounced: { reason, tries: 1 } };

    const run = await parts.runs.find(runId);
    if (run === undefined || run.value.endedAt !== undefined) return;
    if (await parts.runs.save({ value: { ...run.value, ...end, ...unannounced }, etag: run.etag })) {
      if (reason === undefined) await parts.runs.close(runId);
      tellEnd(parts, { ...shown, ...end });
      return;
    }
    // Somebody changed the run in between (a cancellation, say): look again.
  }
}

function tellEnd({ telemetry, now }: RunParts, run: RunWithTasks): void {
  const { runId, status, mode, receivedAt, tasks } = run;
  const durationMs = now() - Date.parse(receivedAt);
  telemetry.record('backstamp.run.duration', durationMs, { status, mode });
  recordLag(telemetry, run);
  telemetry.log(status === 'Failed' ? 'error' : 'info', 'Run ended', {
    runId,
    status,
    durationMs,
    tables: tasks.length,
    failedTables: tasks.filter((task) => task.status === 'Failed').length,
  });
}

/** How long after its event each table was linked; nobody waits for what an operator asked for. */
function recordLag(telemetry: Telemetry, { source, mode, occurredAt, tasks }: RunWithTasks): void {
  if (source === operatorSource || mode === 'rehearsal') return;
  for (const { table, status, endedAt } of tasks) {
    if (!endedWell(status) || endedAt === undefined) continue;
    telemetry.record('backstamp.lag', Math.max(0, Date.parse(endedAt) - Date.parse(occurredAt)), { table });
  }
}
