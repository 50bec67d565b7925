import { changedRows } from '../shared/contracts/changed-rows.ts';
import { coverageShare, coverageText } from '../shared/contracts/coverage-text.ts';
import type { Task } from '../shared/contracts/run.ts';
import { counted } from '../shared/counted.ts';
import { type Column, DataTable } from './data-table.tsx';
import { numberText } from './format.ts';
import { StatusBadge, Time, To } from './parts.tsx';
import { type ListChoice, type Place, type SortKey, tablePlace } from './place.ts';
import { taskProgress } from './progress.ts';
import type { Actions } from './state.ts';
import { taskList } from './task-list.ts';
import { statusPhrases } from './words.ts';

interface TaskTableProps {
  readonly caption: string;
  readonly tasks: readonly Task[];
  readonly choice: ListChoice;
  /** The same place with the list chosen otherwise. */
  readonly placeWith: (choice: ListChoice) => Place;
  readonly actions: Actions;
  readonly now: number;
}

/** From here on a list is long enough to be searched. */
const searchable = 6;

/** Tables with what became of them: a line that sums them up, those that want attention first, many of them folded. */
export const TaskTable = ({ caption, tasks, choice, placeWith, actions, now }: TaskTableProps) => {
  const list = taskList(tasks, choice);
  const withChange = (change: Partial<ListChoice>): Place => placeWith({ ...choice, ...change });
  return (
    <div class="task-list">
      <nav class="summary" aria-label={`${caption} by status`}>
        <To place={withChange({ status: undefined })} aria-current={choice.status === undefined ? 'true' : undefined}>
          {counted(tasks.length, 'table')}
        </To>
        {list.counts.map(([status, count]) => (
          <To
            key={status}
            place={withChange({ status })}
            aria-current={choice.status === status ? 'true' : undefined}
          >{`${numberText(count)} ${statusPhrases[status]}`}</To>
        ))}
      </nav>
      {tasks.length >= searchable || choice.search !== '' ? (
        <ListTools choice={choice} withChange={withChange} actions={actions} />
      ) : undefined}
      {list.shown.length === 0 ? (
        <p>No table matches.</p>
      ) : (
        <DataTable
          caption={caption}
          columns={columnsOf(choice, withChange, now)}
          rows={list.shown}
          keyOf={({ table }) => table}
          cardsBelow={820}
        />
      )}
      {list.folded > 0 ? (
        <p>
          <To place={withChange({ isUnfolded: true })}>{`Show the other ${counted(list.folded, 'table')}`}</To>
        </p>
      ) : choice.isUnfolded ? (
        <p>
          <To place={withChange({ isUnfolded: false })}>Show fewer tables</To>
        </p>
      ) : undefined}
    </div>
  );
};

const sortNames: readonly (readonly [key: SortKey, name: string])[] = [
  ['attention', 'what needs attention'],
  ['table', 'name'],
  ['changed', 'rows changed'],
  ['waiting', 'rows waiting'],
  ['failed', 'rows failed'],
  ['updated', 'last update'],
];

const ListTools = ({
  choice,
  withChange,
  actions,
}: {
  readonly choice: ListChoice;
  readonly withChange: (change: Partial<ListChoice>) => Place;
  readonly actions: Actions;
}) => (
  <search class="tools">
    <label>
      <span>Find a table</span>
      <input
        type="search"
        value={choice.search}
        onInput={(event) => actions.show(withChange({ search: event.currentTarget.value }), { isStep: false })}
      />
    </label>
    <label>
      <span>Order by</span>
      <select
        value={choice.sort}
        onChange={(event) => {
          const sort = sortNames.find(([key]) => key === event.currentTarget.value)?.[0] ?? 'attention';
          actions.show(withChange({ sort, isReversed: false }), { isStep: false });
        }}
      >
        {sortNames.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  </search>
);

/** How far a task at work has come, where that is known. */
function shareText(task: Task, now: number): string {
  const { rows = 0, total } = taskProgress(task, now) ?? {};
  return task.status === 'Refreshing' && total !== undefined && total > 0
    ? `${Math.min(100, Math.floor((rows / total) * 100))} %`
    : '';
}

function columnsOf(
  choice: ListChoice,
  withChange: (change: Partial<ListChoice>) => Place,
  now: number,
): Column<Task>[] {
  const sortBy = (key: SortKey, isRising: boolean): NonNullable<Column<Task>['sort']> => {
    const isHere = choice.sort === key;
    return {
      place: withChange({ sort: key, isReversed: isHere && !choice.isReversed }),
      order: isHere ? (isRising === choice.isReversed ? 'descending' : 'ascending') : undefined,
    };
  };
  return [
    {
      name: 'Table',
      sort: sortBy('table', true),
      cell: ({ table, runId }) => (
        <To place={tablePlace(runId, table)} aria-label={`Details of ${table}`} class="name">
          {table}
        </To>
      ),
    },
    {
      name: 'Status',
      sort: sortBy('attention', true),
      cell: (task) => (
        <span>
          <StatusBadge status={task.status} /> <span class="quiet">{shareText(task, now)}</span>
        </span>
      ),
    },
    {
      name: 'Coverage',
      isNumber: true,
      cell: ({ coverage }) =>
        coverage === undefined ? (
          ''
        ) : (
          <span title={coverageText(coverage)}>
            <span aria-hidden="true">{coverageShare(coverage)}</span>
            <span class="unseen">{coverageText(coverage)}</span>
          </span>
        ),
    },
    {
      name: 'Rows changed',
      isNumber: true,
      sort: sortBy('changed', false),
      cell: ({ counters, mode }) =>
        mode === 'rehearsal' ? `would: ${numberText(changedRows(counters))}` : numberText(changedRows(counters)),
    },
    {
      name: 'Waiting',
      isNumber: true,
      sort: sortBy('waiting', false),
      cell: ({ counters }) => numberText(counters.waiting),
    },
    {
      name: 'Failed',
      isNumber: true,
      sort: sortBy('failed', false),
      cell: ({ counters }) => numberText(counters.failed),
    },
    {
      name: 'Last updated',
      sort: sortBy('updated', false),
      cell: ({ updatedAt }) => <Time at={updatedAt} now={now} />,
    },
  ];
}
