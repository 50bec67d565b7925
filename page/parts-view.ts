import { h, type JSX } from 'preact';
import type { Status } from '../shared/contracts/status.ts';
import { timeText, toneOf } from './format.ts';

/** Small parts that several views share. */

export const statusBadge = (status: Status): JSX.Element => h('span', { class: `badge ${toneOf[status]}` }, status);

export const timeCell = (time: string | undefined): JSX.Element | string =>
  time === undefined ? '–' : h('time', { datetime: time }, timeText(time));

/** The head of the pane beside the overview, with the button that closes it. */
export const detailsHead = (title: string, closeLabel: string, close: () => void): JSX.Element =>
  h(
    'div',
    { class: 'details-head' },
    h('h2', { id: 'details-title', tabindex: -1 }, title),
    h('button', { type: 'button', 'aria-label': closeLabel, onclick: close }, '✕'),
  );

export interface Column {
  readonly name: string;
  /** Numbers stand to the right. */
  readonly isNumber?: boolean;
  /** Left out where there is little room: it stands in the details too. */
  readonly isOptional?: boolean;
}

/** A table that scrolls by itself where the window is narrow. */
export const scrollingTable = (
  caption: string,
  columns: readonly Column[],
  rows: readonly JSX.Element[],
): JSX.Element =>
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
          columns.map(({ name, isNumber = false, isOptional = false }) =>
            h('th', { scope: 'col', class: (isNumber && 'number') || (isOptional && 'optional') }, name),
          ),
        ),
      ),
      h('tbody', {}, rows),
    ),
  );
