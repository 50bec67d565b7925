import { h, type JSX } from 'preact';
import type { Mode } from '../shared/contracts/status.ts';
import { detailsView } from './details-view.ts';
import { inspectionView } from './inspection-view.ts';
import { keyView } from './key-view.ts';
import { runsView } from './runs-view.ts';
import type { Actions, State } from './state.ts';
import { statusView } from './status-view.ts';

const buttons: readonly (readonly [mode: Mode, label: string, isMain: boolean])[] = [
  ['incremental', 'Run now', true],
  ['rehearsal', 'Rehearsal', false],
  ['full', 'Full pass', false],
  ['orphans', 'Check for orphans', false],
];

/** What stands beside the overview: what was looked into, or the details of a run. */
const paneOf = (state: State, actions: Actions, now: number): JSX.Element | undefined =>
  state.inspection === undefined ? detailsView(state, actions, now) : inspectionView(state.inspection, actions);

/** The whole page. */
export function appView(state: State, actions: Actions, now: number): JSX.Element[] {
  const pane = state.hasKey ? paneOf(state, actions, now) : undefined;
  return [
    h(
      'header',
      { key: 'header' },
      h('h1', {}, 'Backstamp ', h('small', {}, 'Settings › System › Status')),
      state.hasKey
        ? h(
            'div',
            { class: 'buttons', role: 'group', 'aria-label': 'Start a run' },
            buttons.map(([mode, label, isMain]) =>
              h('button', { type: 'button', class: isMain && 'main', onclick: () => actions.askToStart(mode) }, label),
            ),
            h('span', { class: 'divider' }),
            h('button', { type: 'button', onclick: () => actions.inspect('doctor') }, 'Check set-up'),
            h('button', { type: 'button', onclick: () => actions.inspect('discover') }, 'Discover tables'),
            h('button', { type: 'button', onclick: () => actions.inspect('segments') }, 'Segments'),
            h('button', { type: 'button', class: 'link', onclick: () => actions.forgetKey() }, 'Forget key'),
          )
        : undefined,
    ),
    h(
      'div',
      { class: 'problems', key: 'problems', role: 'alert' },
      state.problem === undefined ? undefined : h('p', { class: 'problem' }, state.problem),
    ),
    h(
      'main',
      {
        id: 'content',
        tabindex: -1,
        key: 'main',
        class: pane !== undefined && 'split',
      },
      state.hasKey
        ? [
            h('div', { class: 'overview', key: 'overview' }, statusView(state, actions), runsView(state, actions, now)),
            ...(pane === undefined ? [] : [pane]),
          ]
        : keyView(state, actions),
    ),
  ];
}
