import { noRows } from '../contracts/counters.ts';
import { firstLinkTask } from '../contracts/link-task.ts';
import type { Finding, Run, Task } from '../contracts/run.ts';
import type { Mode } from '../contracts/status.ts';
import type { UnificationEvent } from '../contracts/unification-event.ts';
import { runIdOf } from '../contracts/unification-event.ts';
import { isOwned, tablesOfRuns, type UnificationSetup } from '../contracts/unification-setup.ts';
import { skippedDetails, type UnmetRequirement } from '../linking/requirements.ts';
import { waitsForProfiles } from '../ownership/after-profiles.ts';
import { endRunIfDone } from './end-run.ts';
import { type Parts, timeOf } from './parts.ts';
import { skipFindings } from './skip-findings.ts';
import { withPatience } from './with-patience.ts';

/**
 * Answers a unification event: records the run and a task per source table, and sends what is to be linked on its
 * way. Every step may be repeated without a second effect, so an event may come twice, or half done.
 */
export async function orchestrateRun(parts: Parts, event: UnificationEvent): Promise<string> {
  return withPatience(parts, `The run of event ${event.eventId}`, () => orchestrate(parts, event));
}

async function orchestrate(parts: Parts, event: UnificationEvent): Promise<string> {
  const runId = runIdOf(event);
  const run = (await parts.runs.record(newRun(parts, event)))?.value;
  // Its record is there and cannot be read, which was told: nothing can be built on it, and no repetition helps.
  if (run === undefined) return runId;
  await continueRun(parts, run);
  return runId;
}

/** Records what a run still lacks, and sends what is to be worked on on its way; may be done any number of times. */
export async function continueRun(parts: Parts, run: Run): Promise<void> {
  const { runId, source, mode } = run;
  if (run.endedAt !== undefined) return;
  await recordTasks(parts, run);

  const shown = await parts.runs.show(runId);
  const queued = (shown?.tasks ?? []).filter(
    (task) => task.status === 'Queued' && !(shown !== undefined && waitsForProfiles(shown, task)),
  );
  await parts.messenger.sendLinkTasks(queued.map(({ table }) => firstLinkTask(runId, table)));
  parts.telemetry.log('info', 'Run begun', { runId, source, mode, tables: queued.length });
  await endRunIfDone(parts, runId);
}

/** The run that answers an event, as it begins. */
export function newRun(parts: Parts, event: UnificationEvent): Run {
  return {
    runId: runIdOf(event),
    eventId: event.eventId,
    source: event.source,
    mode: event.mode,
    // As they are now: a run that is half recorded when the settings change is still recorded to its end.
    tables: event.tables ?? tablesIn(event.mode, parts.options.setup),
    confirm: event.confirm ?? false,
    status: 'Queued',
    occurredAt: event.occurredAt,
    receivedAt: timeOf(parts.now()),
    ...(event.startedBy === undefined ? {} : { startedBy: event.startedBy }),
  };
}

/** Records a task for every table of a run that has none yet. */
export async function recordTasks(parts: Parts, run: Run): Promise<void> {
  const sources = parts.options.setup.tables;
  const skipped = await skipFindings(
    parts,
    sources.filter(({ table }) => run.tables.includes(table)),
  );
  for (const table of run.tables) {
    if (isOwned(parts.options.setup, table)) {
      const findings = run.mode === 'orphans' ? [noOrphans(table)] : [];
      await parts.runs.recordTask({ ...newTask(run, table, findings), kind: 'ownership' });
      continue;
    }
    const isSetUp = sources.some((source) => source.table === table);
    await parts.runs.recordTask(newTask(run, table, isSetUp ? (skipped.get(table) ?? []) : [notSetUp(table)]));
  }
}

/** Owners have nothing to do with orphans. */
const tablesIn = (mode: Mode, setup: UnificationSetup): string[] =>
  tablesOfRuns(setup).filter((table) => mode !== 'orphans' || !isOwned(setup, table));

const noOrphans = (table: string): Finding => ({
  code: 'no-orphans',
  finding: `Rows of ${table} are not linked, so there are no orphans among them.`,
  remedy: `Leave ${table} out of runs in mode orphans.`,
});

const notSetUp = (table: string): UnmetRequirement => ({
  code: 'not-set-up',
  finding: `${table} is not among the tables of BACKSTAMP_UNIFICATION.`,
  remedy: 'Add it to the set-up, or leave it out of the run.',
});

function newTask(run: Run, table: string, findings: readonly Finding[]): Task {
  const isSkipped = findings.length > 0;
  return {
    runId: run.runId,
    table,
    mode: run.mode,
    status: isSkipped ? 'Skipped' : 'Queued',
    queuedAt: run.receivedAt,
    ...(isSkipped ? { endedAt: run.receivedAt } : {}),
    updatedAt: run.receivedAt,
    counters: noRows,
    passes: 0,
    details: isSkipped ? skippedDetails(findings) : [],
    findings: [...findings],
  };
}
