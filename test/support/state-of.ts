import type { Run, Task } from '../../shared/contracts/run.ts';
import type { LinkState } from '../../shared/state/link-states.ts';
import type { PendingRow } from '../../shared/state/pending-rows.ts';
import type { Simulation } from './simulation.ts';

/** Runs and tasks as they are recorded, oldest run first. */
export function recordsOf({ tables: { runs } }: Simulation): { runs: Run[]; tasks: Task[] } {
  const found = { runs: [] as Run[], tasks: [] as Task[] };
  for (const { document } of runs.documents('recent').toReversed()) {
    for (const entity of runs.documents((document as { runId: string }).runId)) {
      if (entity.rowKey === 'run') found.runs.push(entity.document as Run);
      else found.tasks.push(entity.document as Task);
    }
  }
  return found;
}

export const taskOf = (simulation: Simulation, runId: string, table: string): Task => {
  const task = recordsOf(simulation).tasks.find((candidate) => candidate.runId === runId && candidate.table === table);
  if (task === undefined) throw new Error(`There is no task of run ${runId} for ${table}.`);
  return task;
};

const hasLinkState = ({ tables: { linkStates } }: Simulation, table: string): boolean =>
  linkStates.documents('table').some(({ rowKey }) => rowKey === table);

export function linkStateOf({ tables: { linkStates } }: Simulation, table: string): LinkState {
  const state = linkStates.documents('table').find(({ rowKey }) => rowKey === table);
  if (state === undefined) throw new Error(`There is no link state of ${table}.`);
  return state.document as LinkState;
}

export const pendingOf = ({ tables: { pendingRows } }: Simulation, table: string): PendingRow[] =>
  pendingRows.documents(table).map(({ document }) => document as PendingRow);

/** All that must be the same at the end, whatever befell the processes on the way. */
export function endOf(simulation: Simulation) {
  const { organisation, options } = simulation;
  const { runs, tasks } = recordsOf(simulation);
  return {
    tables: options.setup.tables
      .filter(({ table }) => hasLinkState(simulation, table))
      .map(({ table }) => ({
        table,
        links: [...organisation.links(table)].sort(),
        watermark: tokenOf(linkStateOf(simulation, table)),
        isIdle: linkStateOf(simulation, table).pass === undefined,
        pending: pendingOf(simulation, table).map(({ id, cause }) => `${id} ${cause}`),
      })),
    runs: runs.map(({ eventId, status }) => `${eventId}: ${status}`),
    tasks: tasks.map(({ table, status }) => `${table}: ${status}`).sort(),
    published: simulation.broker.published.map(({ data }) => `${data.eventId}: ${data.status}`).sort(),
  };
}

const tokenOf = ({ watermark }: LinkState): string | undefined => watermark && `${watermark.feed} ${watermark.token}`;

/** Values that each row's link went through, without writes that changed nothing. */
export function historyOf({ organisation: { writes } }: Simulation): Map<string, (string | null)[]> {
  const history = new Map<string, (string | null)[]>();
  for (const { table, id, from, to } of writes) {
    if (from === to) continue;
    const key = `${table} ${id}`;
    history.set(key, [...(history.get(key) ?? []), to]);
  }
  return history;
}

/** Writes that changed nothing: only a redelivery explains them. */
export const redundantWrites = ({ organisation: { writes } }: Simulation): number =>
  writes.filter(({ from, to }) => from === to).length;
