import type { About } from '../shared/api/schemas.ts';
import type { Task } from '../shared/contracts/run.ts';
import type { RowOutcome } from '../shared/state/row-outcomes.ts';
import { type Column, DataTable } from './data-table.tsx';
import { numberText } from './format.ts';
import { CustomerIds, customerBefore, customerNow } from './outcome-parts.tsx';
import { Id, InDynamics, Problem, To } from './parts.tsx';
import type { Place } from './place.ts';
import type { Actions, RowsState, State } from './state.ts';
import { outcomeNames } from './words.ts';

type TablePlace = Extract<Place, { view: 'table' }>;

/** Outcomes that every task of linking may have. */
const usual = ['failed', 'waiting', 'relinked', 'cleared', 'gone'] as const satisfies RowOutcome['outcome'][];

/** Whether business units were compared: the task's details then name the outcome. */
const hasComparedUnits = ({ details }: Task): boolean => details.some((line) => line.includes('acrossUnits'));

/** What became of single rows: chosen by outcome, searched, a page at a time, or all as CSV. */
export const RowsView = ({
  state: { rows },
  task,
  place,
  about,
  actions,
}: {
  readonly state: State;
  readonly task: Task;
  readonly place: TablePlace;
  readonly about: About;
  readonly actions: Actions;
}) => {
  if (rows === undefined || rows.table !== task.table || rows.runId !== task.runId) return undefined;
  const chips: (readonly [name: string, outcome: RowOutcome['outcome'] | undefined, count: number | undefined])[] = [
    ['all', undefined, undefined],
    ...usual.map((outcome) => [outcomeNames[outcome], outcome, task.counters[outcome]] as const),
    ...(task.kind === 'ownership' ? [[outcomeNames.assigned, 'assigned', undefined] as const] : []),
    ...(hasComparedUnits(task) ? [[outcomeNames.acrossUnits, 'acrossUnits', undefined] as const] : []),
  ];
  return (
    <div class="rows">
      <p class="quiet">
        {task.mode === 'rehearsal'
          ? 'A rehearsal: nothing was written. These rows are a sample of what a run would change.'
          : 'Rows that were linked for the first time, or were right already, are counted and not listed.'}
      </p>
      <nav class="summary" aria-label="Rows by outcome">
        {chips.map(([name, outcome, count]) => (
          <To
            key={name}
            place={{ ...place, outcome }}
            aria-current={place.outcome === outcome ? 'true' : undefined}
          >{`${name}${count === undefined ? '' : ` ${numberText(count)}`}`}</To>
        ))}
      </nav>
      <SearchForm rows={rows} place={place} actions={actions} />
      <Problem text={rows.problem} />
      <RowsTable rows={rows} task={task} about={about} actions={actions} />
      <PageButtons rows={rows} actions={actions} />
    </div>
  );
};

const SearchForm = ({
  rows,
  place,
  actions,
}: {
  readonly rows: RowsState;
  readonly place: TablePlace;
  readonly actions: Actions;
}) => (
  <search>
    <form
      // Another search from the address is another field, with its own text.
      key={place.search}
      class="tools"
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem('search') as HTMLInputElement;
        actions.show({ ...place, search: field.value.trim() }, { isStep: true });
      }}
    >
      <label>
        <span>Id, reason or customer</span>
        <input name="search" type="search" maxLength={200} defaultValue={place.search} />
      </label>
      <button type="submit">Search</button>
      <button type="button" disabled={rows.exported !== undefined} onClick={() => actions.exportRows()}>
        {rows.exported === undefined ? 'Save as CSV' : `Saving … ${numberText(rows.exported)}`}
      </button>
    </form>
  </search>
);

const RowsTable = ({
  rows,
  task,
  about,
  actions,
}: {
  readonly rows: RowsState;
  readonly task: Task;
  readonly about: About;
  readonly actions: Actions;
}) => {
  if (rows.isLoading) return <p class="quiet">Loading …</p>;
  if (rows.rows.length === 0) {
    const more =
      rows.next === undefined ? '' : ` among the ${numberText(rows.examined)} looked at so far; go on with “Next page”`;
    return <p>{rows.search === '' ? `No such rows${more}.` : `No row matches “${rows.search}”${more}.`}</p>;
  }
  const { organisation } = about;
  const columns: Column<RowOutcome>[] = [
    {
      name: 'Row',
      cell: ({ id }) => (
        <>
          <Id value={id} what="row id" actions={actions} />
          <span class="ways">
            {task.kind === 'ownership' ? undefined : (
              <To place={{ view: 'row', table: task.table, id }} aria-label={`Look up ${id}`}>
                Look up
              </To>
            )}
            <InDynamics organisation={organisation} table={task.table} id={id} />
          </span>
        </>
      ),
    },
    { name: 'What happened', cell: ({ outcome }) => outcomeNames[outcome] },
    { name: 'Reason', isLong: true, cell: ({ reason }) => reason ?? '–' },
    {
      name: 'Before',
      cell: (row) => <CustomerIds {...customerBefore(row)} organisation={organisation} actions={actions} />,
    },
    {
      name: 'Now',
      cell: (row) => <CustomerIds {...customerNow(row)} organisation={organisation} actions={actions} />,
    },
  ];
  return (
    <DataTable
      caption="Rows of this page"
      columns={columns}
      rows={rows.rows}
      keyOf={({ outcome, id }) => `${outcome}-${id}`}
    />
  );
};

const PageButtons = ({ rows, actions }: { readonly rows: RowsState; readonly actions: Actions }) =>
  rows.before.length === 0 && rows.next === undefined ? undefined : (
    <nav aria-label="Pages of rows" class="pages">
      <button
        type="button"
        disabled={rows.isLoading || rows.before.length === 0}
        onClick={() => actions.turnPage('before')}
      >
        Previous page
      </button>
      <span>Page {numberText(rows.before.length + 1)}</span>
      <button
        type="button"
        disabled={rows.isLoading || rows.next === undefined}
        onClick={() => actions.turnPage('next')}
      >
        Next page
      </button>
    </nav>
  );
