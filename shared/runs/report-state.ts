import type { RunWithTasks, Task } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import { operatorSource } from '../contracts/unification-event.ts';
import type { LinkState } from '../state/link-states.ts';
import type { WatchNotes } from '../state/watch-notes.ts';
import { version } from '../version.ts';
import { type RunParts, timeOf } from './parts.ts';
import { signOfLife } from './sign-of-life.ts';
import { recordTableState } from './table-metrics.ts';
import { tablesOf } from './work.ts';

/** Runs whose beginnings are looked at. */
const recentRuns = 100;

type Report = Pick<RunParts, 'runs' | 'linkStates' | 'watchNotebook' | 'telemetry' | 'works' | 'options' | 'now'>;

/**
 * Tells how everything stands, so that whoever watches need not infer it: each value is complete in itself and holds until
 * the next one. A rehearsal neither raises nor lowers any of them.
 * @param openBefore runs that were open a moment ago; they may be older than the newest ones
 */
export async function reportState(parts: Report, openBefore: readonly RunWithTasks[]): Promise<void> {
  const { runs: recent } = await parts.runs.listRecent(recentRuns);
  const older = openBefore.filter(({ runId }) => !recent.some((run) => run.runId === runId));
  const runs = [...recent, ...older].filter(({ mode }) => mode !== 'rehearsal');
  const open = runs.filter(({ endedAt }) => endedAt === undefined);
  const { telemetry } = parts;

  const still = open.map((run) => secondsStill(parts, run));
  telemetry.record('backstamp.run.without_progress', Math.max(0, ...still));
  telemetry.record(
    'backstamp.run.open_tasks',
    open.reduce((sum, run) => sum + openTasks(run), 0),
  );

  const settled: Settled = { pendingRows: {}, linkedRows: {} };
  for (const table of tablesOf(parts.works)) {
    const { state } = await parts.linkStates.load({ table });
    recordTableState(parts, table, state);
    telemetry.record('backstamp.table.unlinked', secondsUnlinked(parts, table, state, runs), { table });
    telemetry.record('backstamp.hold.age', secondsHeld(parts, state), { table });
    if (open.some(({ tables }) => tables.includes(table))) continue;
    if (state.lastPass !== undefined) settled.pendingRows[table] = state.pendingRows;
    if (state.linking !== undefined) settled.linkedRows[table] = state.linking.linkedRows;
  }
  await reportChanges(parts, runs, settled);
  // Last, so that it tells that all of the above could be read.
  telemetry.count('backstamp.heartbeat', 1, { version });
}

/** Rows by table, of tables that no run is at work on. */
type Settled = Pick<WatchNotes, 'pendingRows' | 'linkedRows'>;

/** What can only be told by comparing with the look before. */
async function reportChanges(
  parts: Report,
  runs: readonly RunWithTasks[],
  { pendingRows, linkedRows }: Settled,
): Promise<void> {
  const { telemetry, watchNotebook } = parts;
  const before = await watchNotebook.read();
  const notes: WatchNotes = {
    firstBeatAt: before?.value.firstBeatAt ?? timeOf(parts.now()),
    lastEventAt: latest([
      ...(before?.value.lastEventAt === undefined ? [] : [before.value.lastEventAt]),
      ...runs.filter(({ source }) => source !== operatorSource).map(({ receivedAt }) => receivedAt),
    ]),
    pendingRows: { ...before?.value.pendingRows, ...pendingRows },
    linkedRows: { ...before?.value.linkedRows, ...linkedRows },
  };
  telemetry.record('backstamp.event.age', secondsSince(parts, notes.lastEventAt ?? notes.firstBeatAt));
  // Whoever wrote them down tells the difference: two watches at once must not tell it twice.
  if (!(await watchNotebook.write(notes, before))) return;
  for (const [table, rows] of Object.entries(pendingRows)) {
    const growth = rows - (before?.value.pendingRows[table] ?? rows);
    telemetry.record('backstamp.pending_rows.growth', growth, { table });
  }
  for (const [table, rows] of Object.entries(linkedRows)) {
    const former = before?.value.linkedRows[table] ?? rows;
    telemetry.record('backstamp.linked_rows', rows, { table });
    telemetry.record('backstamp.linked_rows.loss', former === 0 ? 0 : ((former - rows) / former) * 100, { table });
  }
}

/** How long nothing has moved in a run, beyond the pause that lies between follow-ups anyway. */
function secondsStill(parts: Report, run: RunWithTasks): number {
  const lastSign = latest([run.receivedAt, ...run.tasks.map(signOfLife)]) ?? run.receivedAt;
  return Math.max(0, secondsSince(parts, lastSign) - parts.options.settlingIntervalMs / 1000);
}

const openTasks = ({ tables, tasks }: RunWithTasks): number =>
  tables.length - tasks.filter(({ status }: Task) => isFinal(status)).length;

/** How long a table has had no watermark although a run was to link it; 0 where it has one, or no run was. */
function secondsUnlinked(parts: Report, table: string, state: LinkState, runs: readonly RunWithTasks[]): number {
  if (state.watermark !== undefined) return 0;
  const [first] = runs
    .filter(({ tables }) => tables.includes(table))
    .map(({ receivedAt }) => receivedAt)
    .toSorted();
  return first === undefined ? 0 : secondsSince(parts, first);
}

/** How long the oldest changes have waited for somebody to confirm them; 0 where none do. */
function secondsHeld(parts: Report, { linking }: LinkState): number {
  const [oldest] = (linking?.holds ?? [])
    .filter(({ id }) => !linking?.confirmed.includes(id))
    .map(({ since }) => since)
    .toSorted();
  return oldest === undefined ? 0 : secondsSince(parts, oldest);
}

const secondsSince = ({ now }: Pick<RunParts, 'now'>, time: string): number =>
  Math.max(0, (now() - Date.parse(time)) / 1000);

/** The latest of times that are all written alike. */
const latest = (times: readonly string[]): string | undefined => times.toSorted().at(-1);
