import { h, type JSX } from 'preact';
import { changedRows } from '../shared/contracts/changed-rows.ts';
import type { StatusAnswer } from '../shared/contracts/run.ts';
import { numberText, timeText } from './format.ts';
import { scrollingTable, statusBadge, timeCell } from './parts-view.ts';
import type { Actions, State } from './state.ts';

const columns = [
  { name: 'Table' },
  { name: 'Task', isOptional: true },
  { name: 'Status' },
  { name: 'Links changed', isNumber: true },
  { name: 'Waiting', isNumber: true },
  { name: 'Failed', isNumber: true },
  { name: 'Last updated' },
];

/** Groups of tasks with their newest status. */
export function statusView({ status, selection }: State, actions: Actions): JSX.Element {
  return h(
    'section',
    { 'aria-labelledby': 'status-title', key: 'status' },
    h('h2', { id: 'status-title' }, 'Status'),
    status === undefined
      ? h('p', {}, 'Loading …')
      : h(
          'div',
          {},
          status.lastUpdated !== null && h('p', { class: 'quiet' }, 'Last updated ', timeText(status.lastUpdated)),
          ...status.groups.map((group) => groupView(group, selection?.table, actions)),
        ),
  );
}

function groupView(group: StatusAnswer['groups'][number], selected: string | undefined, actions: Actions): JSX.Element {
  return h(
    'div',
    { key: `group-${group.name}` },
    h('h3', {}, `${group.name} `, h('span', { class: 'count' }, `(${group.count})`)),
    group.tasks.length === 0
      ? h(
          'p',
          {},
          'No run yet. One begins when a unification completes, or when you start it; rehearse first to see what it would do.',
        )
      : scrollingTable(
          group.name,
          columns,
          group.tasks.map((task) =>
            h(
              'tr',
              { key: task.table, 'aria-current': selected === task.table && 'true' },
              h(
                'th',
                { scope: 'row' },
                h(
                  'button',
                  {
                    class: 'link',
                    type: 'button',
                    'aria-label': `Details of ${task.table}`,
                    onclick: () => actions.select({ runId: task.runId, table: task.table }),
                  },
                  task.table,
                ),
              ),
              h('td', { class: 'optional' }, task.name),
              h('td', {}, statusBadge(task.status)),
              h('td', { class: 'number' }, numberText(changedRows(task.counters))),
              h('td', { class: 'number' }, numberText(task.counters.waiting)),
              h('td', { class: 'number' }, numberText(task.counters.failed)),
              h('td', {}, timeCell(task.updatedAt)),
            ),
          ),
        ),
  );
}
