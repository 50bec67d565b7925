import { changedRows } from '../shared/contracts/changed-rows.ts';
import type { Task } from '../shared/contracts/run.ts';
import type { Status } from '../shared/contracts/status.ts';
import type { ListChoice, SortKey } from './place.ts';
import { statuses } from './words.ts';

/** More tables than these are folded: a screen holds about as many. */
const foldedLength = 12;

/** Statuses that want to be seen: whatever else is folded, tables of these are not. */
const urgent: ReadonlySet<Status> = new Set(['Failed', 'Completed with warnings', 'Refreshing']);

export interface TaskList {
  /** How many of all tables have which status, in the order of attention. */
  readonly counts: readonly (readonly [status: Status, count: number])[];
  readonly shown: readonly Task[];
  /** Tables that match and are folded away. */
  readonly folded: number;
  readonly matching: number;
}

type Compare = (a: Task, b: Task) => number;
const byTable: Compare = (a, b) => a.table.localeCompare(b.table);
const attention = ({ status, counters }: Task): number =>
  statuses.indexOf(status) - (counters.failed + counters.waiting > 0 ? 0.5 : 0);

/** Numbers and times run from high to low at first: what is most is what is looked for. */
const orders: Readonly<Record<SortKey, Compare>> = {
  attention: (a, b) => attention(a) - attention(b),
  table: byTable,
  read: (a, b) => b.counters.read - a.counters.read,
  changed: (a, b) => changedRows(b.counters) - changedRows(a.counters),
  waiting: (a, b) => b.counters.waiting - a.counters.waiting,
  failed: (a, b) => b.counters.failed - a.counters.failed,
  updated: (a, b) => b.updatedAt.localeCompare(a.updatedAt),
};

/** The tables that are shown, in order: filtered, searched by name, and folded where they are many. */
export function taskList(tasks: readonly Task[], choice: ListChoice): TaskList {
  const counts = statuses
    .map((status) => [status, tasks.filter((task) => task.status === status).length] as const)
    .filter(([, count]) => count > 0);
  const wanted = choice.search.trim().toLowerCase();
  const order = orders[choice.sort];
  const matching = tasks
    .filter(({ status }) => choice.status === undefined || status === choice.status)
    .filter(({ table }) => table.includes(wanted))
    .sort((a, b) => (choice.isReversed ? -1 : 1) * order(a, b) || byTable(a, b));
  const mustShow = choice.sort === 'attention' && !choice.isReversed ? countUrgent(matching) : 0;
  // One table more than fit is no reason to fold.
  const length = Math.max(foldedLength, mustShow);
  const isFolded = !choice.isUnfolded && matching.length > length + 1;
  const shown = isFolded ? matching.slice(0, length) : matching;
  return { counts, shown, folded: matching.length - shown.length, matching: matching.length };
}

const countUrgent = (tasks: readonly Task[]): number => tasks.filter(({ status }) => urgent.has(status)).length;
