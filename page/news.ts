import type { RunSummaryList } from '../shared/api/schemas.ts';
import type { StatusAnswer } from '../shared/contracts/run.ts';
import type { State } from './state.ts';

/** The newest page of runs put before those that were loaded earlier; where the list goes on stays as it was. */
export function mergeRuns(
  { runs, olderRuns }: Pick<State, 'runs' | 'olderRuns'>,
  page: RunSummaryList,
): Pick<State, 'runs' | 'olderRuns'> {
  const fresh = new Set(page.runs.map(({ runId }) => runId));
  const earlier = (runs ?? []).filter(({ runId }) => !fresh.has(runId));
  return { runs: [...page.runs, ...earlier], olderRuns: earlier.length === 0 ? page.continuation : olderRuns };
}

/** Tables whose status became another, in words for a screen reader; empty where none did. */
export function statusChanges(before: StatusAnswer | undefined, after: StatusAnswer): string {
  if (before === undefined) return '';
  const old = new Map(before.groups.flatMap(({ tasks }) => tasks.map((task) => [task.table, task.status])));
  return after.groups
    .flatMap(({ tasks }) => tasks)
    .filter(({ table, status }) => old.get(table) !== status)
    .map(({ table, status }) => `${table}: ${status}`)
    .join(', ');
}
