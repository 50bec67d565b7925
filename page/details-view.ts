import { h, type JSX } from 'preact';
import { isFinal } from '../shared/contracts/is-final.ts';
import type { RunWithTasks, Task } from '../shared/contracts/run.ts';
import { counted } from '../shared/counted.ts';
import { durationMs, durationText, numberText, rowsPerSecond, timeText, workedMs } from './format.ts';
import { detailsHead, statusBadge, timeCell } from './parts-view.ts';
import { rowsView } from './rows-view.ts';
import type { Actions, State } from './state.ts';

/** The pane on one run, or on one table in it: progress, counters, reasons with their remedies, rows. */
export function detailsView(state: State, actions: Actions, now: number): JSX.Element | undefined {
  const { selection, selectedRun: run } = state;
  if (selection === undefined) return undefined;
  const task = run?.tasks.find(({ table }) => table === selection.table);
  return h(
    'aside',
    { class: 'details', 'aria-labelledby': 'details-title', key: 'details' },
    detailsHead(selection.table ?? 'Run', 'Close details', () => actions.select(undefined)),
    run === undefined
      ? h('p', {}, 'Being recorded …')
      : h('div', {}, runFacts(run, now), runTables(run, selection.table, actions), runButtons(run, actions)),
    run !== undefined && task !== undefined ? taskDetails(task, now) : undefined,
    task === undefined ? undefined : rowsView(state, task, actions),
  );
}

const fact = (name: string, value: JSX.Element | string): JSX.Element[] => [h('dt', {}, name), h('dd', {}, value)];

function runFacts(run: RunWithTasks, now: number): JSX.Element {
  const duration = durationMs(run, now);
  return h(
    'dl',
    { class: 'facts' },
    fact('Run', statusBadge(run.status)),
    fact('Mode', run.mode),
    fact('Begun', timeCell(run.receivedAt)),
    fact(run.endedAt === undefined ? 'So far' : 'Took', duration === undefined ? '–' : durationText(duration)),
    fact('Event', run.eventId),
    fact('Source', run.source),
    run.cancelRequestedAt === undefined ? [] : fact('Cancel asked for', timeCell(run.cancelRequestedAt)),
  );
}

/** Where a run has several tables, they are one click apart. */
const runTables = (run: RunWithTasks, selected: string | undefined, actions: Actions): JSX.Element =>
  h(
    'ul',
    { class: 'tables', 'aria-label': 'Tables of this run' },
    run.tasks.map(({ table, status }) =>
      h(
        'li',
        { key: table },
        h(
          'button',
          {
            type: 'button',
            class: 'link',
            'aria-pressed': table === selected ? 'true' : 'false',
            onclick: () => actions.select({ runId: run.runId, table }),
          },
          table,
        ),
        ' ',
        statusBadge(status),
      ),
    ),
  );

const runButtons = (run: RunWithTasks, actions: Actions): JSX.Element | undefined =>
  isFinal(run.status)
    ? undefined
    : h(
        'p',
        {},
        h(
          'button',
          {
            type: 'button',
            class: 'danger',
            disabled: run.cancelRequestedAt !== undefined,
            onclick: () => actions.askToCancel(run.runId),
          },
          run.cancelRequestedAt === undefined ? 'Cancel this run' : 'Being canceled …',
        ),
      );

const counterNames = {
  read: 'read from the map',
  linked: 'linked',
  relinked: 'relinked',
  cleared: 'cleared',
  unchanged: 'right already',
  waiting: 'waiting for their profile',
  failed: 'failed',
  gone: 'gone',
} as const;
const ownershipCounterNames = {
  read: 'read',
  assigned: 'given another owner',
  unchanged: 'right already',
  waiting: 'waiting for their profile',
  failed: 'failed',
  gone: 'gone',
} as const;

const isOwnership = ({ kind }: Task): boolean => kind === 'ownership';

function taskDetails(task: Task, now: number): JSX.Element {
  const duration = durationMs(task, now);
  const isGoing = task.status === 'Refreshing';
  const speed = numberText(rowsPerSecond(task.counters.read, workedMs(task, now)));
  return h(
    'section',
    { 'aria-labelledby': 'task-title' },
    h(
      'h3',
      { id: 'task-title' },
      isOwnership(task) ? 'Business Unit Ownership Hydration' : 'CustomerId Backstamping Hydration',
    ),
    h(
      'p',
      { class: 'progress' },
      statusBadge(task.status),
      isGoing ? h('progress', { 'aria-label': `${task.table} is being linked` }) : undefined,
      duration === undefined
        ? task.status === 'Queued' && 'not begun'
        : ` ${counted(task.counters.read, 'row')} in ${durationText(duration)}, ${speed} rows/s, ${task.passes} ${task.passes === 1 ? 'pass' : 'passes'} ended`,
    ),
    reasons(task),
    task.status === 'Skipped' ? undefined : countersView(task),
    h('p', { class: 'quiet' }, 'Last updated ', timeText(task.updatedAt)),
  );
}

const countersView = (task: Task): JSX.Element =>
  h(
    'dl',
    { class: 'counters' },
    Object.entries(isOwnership(task) ? ownershipCounterNames : counterNames).map(([name, words]) =>
      h(
        'div',
        { 'data-key': name, class: name === 'failed' && task.counters.failed > 0 && 'bad' },
        h('dt', {}, words),
        h('dd', {}, numberText(task.counters[name as keyof Task['counters']] ?? 0)),
      ),
    ),
  );

function reasons({ findings, details }: Task): JSX.Element | undefined {
  if (findings.length === 0 && details.length === 0) return undefined;
  // A finding is told below with its remedy: its line among the details would say the same again.
  const told = new Set(findings.map(({ finding, remedy }) => `${finding} ${remedy}`));
  return h(
    'div',
    { class: 'reasons' },
    h('h4', {}, 'Details'),
    h(
      'ul',
      {},
      details.filter((line) => !told.has(line)).map((line) => h('li', {}, line)),
    ),
    findings.map(({ code, finding, remedy }) =>
      h(
        'div',
        { class: 'finding', key: code },
        h('p', {}, h('strong', {}, finding)),
        h('p', {}, 'What to do: ', remedy),
      ),
    ),
  );
}
