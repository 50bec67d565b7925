import { noRows } from '../contracts/counters.ts';
import { firstLinkTask } from '../contracts/link-task.ts';
import type { Run, Task } from '../contracts/run.ts';
import type { UnificationEvent } from '../contracts/unification-event.ts';
import { runIdOf } from '../contracts/unification-event.ts';
import type { SourceTable } from '../contracts/unification-setup.ts';
import { endRunIfDone } from './end-run.ts';
import { type Parts, timeOf } from './parts.ts';
import { checkSetup, skippedDetails } from './requirements.ts';

/**
 * Answers a unification event: records the run and a task per source table, and sends what is to be linked on its
 * way. Every step may be repeated without a second effect, so an event may come twice, or half done.
 */
export async function orchestrateRun(parts: Parts, event: UnificationEvent): Promise<string> {
  const receivedAt = timeOf(parts.now());
  const runId = runIdOf(event.eventId);
  const run: Run = {
    runId,
    eventId: event.eventId,
    source: event.source,
    mode: event.mode,
    tables: event.tables,
    confirm: event.confirm ?? false,
    status: 'Queued',
    occurredAt: event.occurredAt,
    receivedAt,
  };
  const recorded = await parts.runs.record(run);
  if (recorded.value.endedAt !== undefined) return runId;

  const chosen = new Set(event.tables ?? parts.options.setup.tables.map(({ table }) => table));
  for (const source of parts.options.setup.tables) {
    if (chosen.has(source.table)) await parts.runs.recordTask(newTask(parts, recorded.value, source));
  }
  const shown = await parts.runs.show(runId);
  const queued = (shown?.tasks ?? []).filter(({ status }) => status === 'Queued');
  await parts.messenger.sendLinkTasks(queued.map(({ table }) => firstLinkTask(runId, table)));
  parts.telemetry.log('info', 'Run begun', { runId, source: event.source, mode: event.mode, tables: queued.length });
  await endRunIfDone(parts, runId);
  return runId;
}

function newTask(parts: Parts, run: Run, source: SourceTable): Task {
  const { setup, dataverseUrl } = parts.options;
  const findings = checkSetup({ setup, source, dataverseUrl });
  const isSkipped = findings.length > 0;
  return {
    runId: run.runId,
    table: source.table,
    mode: run.mode,
    status: isSkipped ? 'Skipped' : 'Queued',
    queuedAt: run.receivedAt,
    ...(isSkipped ? { endedAt: run.receivedAt } : {}),
    updatedAt: run.receivedAt,
    counters: noRows,
    passes: 0,
    details: isSkipped ? skippedDetails(findings) : [],
    findings,
  };
}
