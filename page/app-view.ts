import type { Mode } from '../shared/contracts/status.ts';
import { detailsView } from './details-view.ts';
import { h } from './dom.ts';
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

/** The whole page. */
export function appView(state: State, actions: Actions, now: number): Node[] {
  return [
    h(
      'header',
      { 'data-key': 'header' },
      h('h1', {}, 'Backstamp ', h('small', {}, 'Settings › System › Status')),
      state.hasKey
        ? h(
            'div',
            { class: 'buttons', role: 'group', 'aria-label': 'Start a run' },
            buttons.map(([mode, label, isMain]) =>
              h('button', { type: 'button', class: isMain && 'main', onclick: () => actions.askToStart(mode) }, label),
            ),
            h('button', { type: 'button', class: 'link', onclick: () => actions.forgetKey() }, 'Forget key'),
          )
        : undefined,
    ),
    h(
      'div',
      { class: 'problems', 'data-key': 'problems', role: 'alert' },
      state.problem === undefined ? undefined : h('p', { class: 'problem' }, state.problem),
    ),
    h(
      'main',
      {
        id: 'content',
        tabindex: -1,
        'data-key': 'main',
        class: state.selection !== undefined && state.hasKey && 'split',
      },
      state.hasKey
        ? [
            h(
              'div',
              { class: 'overview', 'data-key': 'overview' },
              statusView(state, actions),
              runsView(state, actions, now),
            ),
            ...[detailsView(state, actions, now)].filter((view) => view !== undefined),
          ]
        : keyView(state, actions),
    ),
  ];
}
