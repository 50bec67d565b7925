import { h, type JSX } from 'preact';
import { changedRows } from '../shared/contracts/changed-rows.ts';
import type { RunWithTasks } from '../shared/contracts/run.ts';
import { counted } from '../shared/counted.ts';
import { chartPoints, chartShape } from './chart.ts';
import { durationMs, durationText, numberText, runRowsPerSecond, timeText } from './format.ts';
import { scrollingTable, statusBadge } from './parts-view.ts';
import type { Actions, State } from './state.ts';

const columns = [
  { name: 'Begun' },
  { name: 'Mode' },
  { name: 'Status' },
  { name: 'Duration', isNumber: true },
  { name: 'Rows read', isNumber: true },
  { name: 'Links changed', isNumber: true },
  { name: 'Rows/s', isNumber: true },
  { name: 'Source', isOptional: true },
];

/** Run history, newest first, with a chart of rows and throughput. */
export function runsView(state: State, actions: Actions, now: number): JSX.Element {
  const { runs, olderRuns, isLoadingOlder, selection } = state;
  return h(
    'section',
    { 'aria-labelledby': 'runs-title', key: 'runs' },
    h('h2', { id: 'runs-title' }, 'Runs'),
    chartView(runs),
    runs.length === 0
      ? h('p', {}, 'None yet.')
      : scrollingTable(
          'Runs, newest first',
          columns,
          runs.map((run) => runRow(run, selection?.runId === run.runId, actions, now)),
        ),
    olderRuns === undefined
      ? undefined
      : h(
          'button',
          { type: 'button', disabled: isLoadingOlder, onclick: () => actions.loadOlderRuns() },
          isLoadingOlder ? 'Loading …' : `Older runs (${numberText(runs.length)} shown)`,
        ),
  );
}

function runRow(run: RunWithTasks, isSelected: boolean, actions: Actions, now: number): JSX.Element {
  const read = run.tasks.reduce((sum, task) => sum + task.counters.read, 0);
  const changed = run.tasks.reduce((sum, task) => sum + changedRows(task.counters), 0);
  const duration = durationMs(run, now);
  return h(
    'tr',
    { key: run.runId, 'aria-current': isSelected && 'true' },
    h(
      'th',
      { scope: 'row' },
      h(
        'button',
        {
          class: 'link',
          type: 'button',
          'aria-label': `Details of the run of ${timeText(run.receivedAt)}`,
          onclick: () => actions.select({ runId: run.runId, table: undefined }),
        },
        h('time', { datetime: run.receivedAt }, timeText(run.receivedAt)),
      ),
    ),
    h('td', {}, run.mode),
    h('td', {}, statusBadge(run.status)),
    h('td', { class: 'number' }, duration === undefined ? '–' : durationText(duration)),
    h('td', { class: 'number' }, numberText(read)),
    h('td', { class: 'number' }, run.mode === 'rehearsal' ? `would: ${numberText(changed)}` : numberText(changed)),
    h('td', { class: 'number' }, numberText(runRowsPerSecond(run.tasks, now))),
    h('td', { class: 'optional' }, run.source),
  );
}

const width = 640;
const height = 120;

function chartView(runs: readonly RunWithTasks[]): JSX.Element | undefined {
  const points = chartPoints(runs);
  if (points.length < 2) return undefined;
  const { bars, line, mostChanged, mostPerSecond } = chartShape(points, width, height);
  const summary = `The last ${points.length} finished runs: at most ${counted(mostChanged, 'link')} changed and ${numberText(mostPerSecond)} rows read per second. The table below has the numbers.`;
  return h(
    'figure',
    {},
    h(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': summary, preserveAspectRatio: 'none' },
      bars.map(({ x, y, width: barWidth, height: barHeight }, index) =>
        h(
          'rect',
          { class: 'bar', x, y, width: barWidth, height: barHeight, rx: 1 },
          h(
            'title',
            {},
            `${timeText(points[index]?.receivedAt ?? '')}: ${counted(points[index]?.changed ?? 0, 'link')} changed, ${numberText(points[index]?.perSecond ?? 0)} rows/s`,
          ),
        ),
      ),
      h('polyline', { class: 'line', points: line }),
    ),
    h(
      'figcaption',
      {},
      h('span', { class: 'swatch bar-swatch' }),
      ` Links changed, up to ${numberText(mostChanged)} (root scale) `,
      h('span', { class: 'swatch line-swatch' }),
      ` Rows read per second, up to ${numberText(mostPerSecond)}`,
    ),
  );
}
