import { h, type JSX } from 'preact';
import type { Task } from '../shared/contracts/run.ts';
import type { RowOutcome } from '../shared/state/row-outcomes.ts';
import { numberText } from './format.ts';
import { scrollingTable } from './parts-view.ts';
import type { Actions, RowsState, State } from './state.ts';

/** Outcomes in the order in which they need attention. */
const outcomes = ['failed', 'waiting', 'relinked', 'cleared', 'gone'] as const satisfies RowOutcome['outcome'][];

/** Whether the walk compared business units: the task's details then name the outcome. */
const hasComparedUnits = ({ details }: Task): boolean => details.some((line) => line.includes('acrossUnits'));

const columns = [{ name: 'Row' }, { name: 'Reason' }, { name: 'Customer before' }, { name: 'Customer now' }];

/** What became of single rows: chosen by outcome, searched, a page at a time, or all as CSV. */
export function rowsView({ rows }: State, task: Task, actions: Actions): JSX.Element | undefined {
  if (rows === undefined || rows.table !== task.table || rows.runId !== task.runId) return undefined;
  return h(
    'section',
    { 'aria-labelledby': 'rows-title', class: 'rows' },
    h('h3', { id: 'rows-title' }, 'Rows'),
    task.mode === 'rehearsal'
      ? h('p', {}, 'A rehearsal: nothing was written. These rows are a sample of what a run would change.')
      : undefined,
    h(
      'div',
      { class: 'filters', role: 'group', 'aria-label': 'Rows by outcome' },
      filterButton('all', undefined, undefined, rows, actions),
      outcomes.map((outcome) => filterButton(outcome, outcome, task.counters[outcome], rows, actions)),
      task.kind === 'ownership' ? filterButton('assigned', 'assigned', undefined, rows, actions) : undefined,
      hasComparedUnits(task) ? filterButton('across units', 'acrossUnits', undefined, rows, actions) : undefined,
    ),
    searchForm(rows, actions),
    rows.problem === undefined ? undefined : h('p', { class: 'problem', role: 'alert' }, rows.problem),
    rowsTable(rows),
    pageButtons(rows, actions),
  );
}

const filterButton = (
  name: string,
  outcome: RowOutcome['outcome'] | undefined,
  count: number | undefined,
  rows: RowsState,
  actions: Actions,
): JSX.Element =>
  h(
    'button',
    {
      type: 'button',
      class: 'chip',
      'aria-pressed': rows.outcome === outcome ? 'true' : 'false',
      onclick: () => actions.showRows({ outcome }),
    },
    count === undefined ? name : `${name} ${numberText(count)}`,
  );

const searchForm = (rows: RowsState, actions: Actions): JSX.Element =>
  h(
    'form',
    {
      role: 'search',
      class: 'search',
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        const field = (event.currentTarget as HTMLFormElement).elements.namedItem('search') as HTMLInputElement;
        actions.showRows({ search: field.value.trim() });
      },
    },
    h('label', { for: 'search' }, 'Id, reason or customer'),
    h('input', { id: 'search', name: 'search', type: 'search', maxlength: 200 }),
    h('button', { type: 'submit' }, 'Search'),
    h(
      'button',
      { type: 'button', disabled: rows.exported !== undefined, onclick: () => actions.exportRows() },
      rows.exported === undefined ? 'Save as CSV' : `Saving … ${numberText(rows.exported)}`,
    ),
  );

function rowsTable(rows: RowsState): JSX.Element {
  if (rows.isLoading) return h('p', { class: 'quiet' }, 'Loading …');
  if (rows.rows.length === 0) {
    const more =
      rows.next === undefined ? '' : ` among the ${numberText(rows.examined)} looked at so far; go on with “Next page”`;
    return h('p', {}, rows.search === '' ? `No such rows${more}.` : `No row matches “${rows.search}”${more}.`);
  }
  return scrollingTable(
    'Rows of this page',
    columns,
    rows.rows.map((row) =>
      h(
        'tr',
        { key: `${row.outcome}-${row.id}` },
        h('th', { scope: 'row' }, h('span', { class: 'id' }, row.id), h('br', {}), row.outcome),
        h('td', { class: 'reason' }, row.reason ?? '–'),
        h('td', { class: 'id' }, row.previousCustomerId ?? row.previousProfileId ?? '–'),
        h('td', { class: 'id' }, row.customerId ?? row.profileId ?? '–'),
      ),
    ),
  );
}

const pageButtons = (rows: RowsState, actions: Actions): JSX.Element | undefined =>
  rows.before.length === 0 && rows.next === undefined
    ? undefined
    : h(
        'nav',
        { 'aria-label': 'Pages of rows', class: 'pages' },
        h(
          'button',
          {
            type: 'button',
            disabled: rows.isLoading || rows.before.length === 0,
            onclick: () => actions.turnPage('before'),
          },
          'Previous page',
        ),
        h('span', {}, `Page ${numberText(rows.before.length + 1)}`),
        h(
          'button',
          {
            type: 'button',
            disabled: rows.isLoading || rows.next === undefined,
            onclick: () => actions.turnPage('next'),
          },
          'Next page',
        ),
      );
