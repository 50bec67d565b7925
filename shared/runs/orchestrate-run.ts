import { noRows } from '../contracts/counters.ts';
import { firstLinkTask } from '../contracts/link-task.ts';
import type { Finding, Run, Task } from '../contracts/run.ts';
import type { UnificationEvent } from '../contracts/unification-event.ts';
import { eventOf, runIdOf } from '../contracts/unification-event.ts';
import { publishOrSay, startedEvent } from './announce.ts';
import { endRunIfDone } from './end-run.ts';
import { type RunParts, timeOf } from './parts.ts';
import { waitsForTurn } from './turns.ts';
import { withRetries } from './with-retries.ts';
import { type RunWork, skippedBy, tablesOf, workOn } from './work.ts';

/**
 * Answers a unification event: records the run and a task per source table, and sends what is to be linked on its
 * way. Every step may be repeated without a second effect, so an event may come twice, or half done.
 */
export async function orchestrateRun(parts: RunParts, event: UnificationEvent): Promise<string> {
  return withRetries(parts, `The run of event ${event.eventId}`, () => orchestrate(parts, event));
}

async function orchestrate(parts: RunParts, event: UnificationEvent): Promise<string> {
  const runId = runIdOf(event);
  const run = await recordRun(parts, event);
  // Its record is there and cannot be read, which was told: nothing can be built on it, and no repetition helps.
  if (run === undefined) return runId;
  await continueRun(parts, run);
  return runId;
}

/**
 * Records the run that answers an event, once; undefined where it is recorded and cannot be read. Whoever can send a
 * message gets what any event gets: what only operators may ask for is taken from their order, which the API noted.
 */
export async function recordRun(parts: RunParts, event: UnificationEvent): Promise<Run | undefined> {
  const runId = runIdOf(event);
  const order = await parts.runs.findOrder(runId);
  const run = await parts.runs.record(newRun(parts, order ?? eventOf(event, event.occurredAt)));
  if (order !== undefined) await parts.runs.dropOrders({ runId });
  return run?.value;
}

/** Records what a run still lacks, and sends what is to be worked on on its way; may be done any number of times. */
export async function continueRun(parts: RunParts, run: Run): Promise<void> {
  const { runId, source, mode } = run;
  if (run.endedAt !== undefined) return;
  await recordTasks(parts, run);

  const shown = await parts.runs.show(runId);
  const queued = (shown?.tasks ?? []).filter(
    (task) => task.status === 'Queued' && !(shown !== undefined && waitsForTurn(parts, shown, task)),
  );
  await publishOrSay(parts, startedEvent(parts, run));
  await parts.messenger.sendLinkTasks(queued.map(({ table }) => firstLinkTask(runId, table)));
  parts.telemetry.log('info', 'Run begun', { runId, source, mode, tables: queued.length });
  await endRunIfDone(parts, runId);
}

/** The run that answers an event, as it begins. */
export function newRun(parts: RunParts, event: UnificationEvent): Run {
  return {
    runId: runIdOf(event),
    eventId: event.eventId,
    source: event.source,
    mode: event.mode,
    // As they are now: a run that is half recorded when the settings change is still recorded to its end.
    tables: event.tables ?? tablesOf(parts.works, event.mode),
    beyondLimits: event.beyondLimits ?? (event.confirm === true && event.mode === 'reconcile'),
    giveOwners: event.giveOwners ?? false,
    confirm: false,
    ...(event.holds === undefined ? {} : { holds: event.holds }),
    status: 'Queued',
    occurredAt: event.occurredAt,
    receivedAt: timeOf(parts.now()),
    ...(event.startedBy === undefined ? {} : { startedBy: event.startedBy }),
  };
}

/** Records a task for every table of a run that has none yet. */
export async function recordTasks(parts: RunParts, run: Run): Promise<void> {
  const { works } = parts;
  for (const table of run.tables) {
    if (workOn(works, table) === undefined)
      await parts.runs.recordTask(newTask(run, table, works[0], [notSetUp(table)]));
  }
  for (const work of works) {
    const tables = work.tables().filter((table) => run.tables.includes(table));
    if (tables.length === 0) continue;
    const found = await work.findings(tables, run.mode);
    for (const table of tables) {
      const task = newTask(run, table, work, found.get(table) ?? []);
      await parts.runs.recordTask(work === works[0] ? task : { ...task, kind: work.kind });
    }
  }
}

const notSetUp = (table: string): Finding => ({
  code: 'not-set-up',
  finding: `${table} is not among the tables of BACKSTAMP_UNIFICATION.`,
  remedy: 'Add it to the set-up, or leave it out of the run.',
});

function newTask(run: Run, table: string, work: RunWork, findings: readonly Finding[]): Task {
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
    ...(isSkipped ? skippedBy(work, findings) : { details: [], findings: [] }),
  };
}
