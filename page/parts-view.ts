import type { Status } from '../shared/contracts/status.ts';
import { h } from './dom.ts';
import { timeText, toneOf } from './format.ts';

/** Small parts that several views share. */

export const statusBadge = (status: Status): Node => h('span', { class: `badge ${toneOf[status]}` }, status);

export const timeCell = (time: string | undefined): Node | string =>
  time === undefined ? '–' : h('time', { datetime: time }, timeText(time));

export interface Column {
  readonly name: string;
  /** Numbers stand to the right. */
  readonly isNumber?: boolean;
}

/** A table that scrolls by itself where the window is narrow. */
export const scrollingTable = (caption: string, columns: readonly Column[], rows: readonly Node[]): Node =>
  h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: 0 },
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map(({ name, isNumber = false }) => h('th', { scope: 'col', class: isNumber && 'number' }, name)),
        ),
      ),
      h('tbody', {}, rows),
    ),
  );
