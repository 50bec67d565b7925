import { h, type JSX } from 'preact';
import type { SegmentList } from '../shared/api/schemas.ts';
import type { SegmentReadiness, Unit } from '../shared/contracts/segments.ts';
import { numberText, timeText } from './format.ts';
import { scrollingTable } from './parts-view.ts';

const columns = [
  { name: 'Segment' },
  { name: 'Ready' },
  { name: 'Members', isNumber: true },
  { name: 'Their units' },
  { name: 'Owner' },
  { name: 'In the way', isNumber: true },
];

const readiness: Readonly<Record<SegmentReadiness['ready'], readonly [word: string, tone: string]>> = {
  yes: ['ready', 'good'],
  no: ['not ready', 'bad'],
  unknown: ['not known', 'warn'],
};

const unitText = ({ id, name }: Unit): string => name ?? id ?? 'not known';

/** Each segment with the business units of its members and owner, and what keeps it from being processed. */
export function segmentsView({ segments, countedAt }: SegmentList): JSX.Element {
  if (segments.length === 0) return h('p', {}, 'No customer is in a segment.');
  const notReady = segments.filter(({ reasons }) => reasons.length > 0);
  return h(
    'div',
    {},
    h(
      'p',
      {},
      'Dynamics 365 Marketing processes a segment whose members and owner all belong to one business unit. ',
      countedAt === null ? undefined : h('span', { class: 'quiet' }, 'Counted as of ', timeText(countedAt)),
    ),
    scrollingTable('Segments', columns, segments.map(rowOf)),
    ...notReady.map(({ name, provider, reasons, inTheWay }) =>
      h(
        'div',
        { key: `${provider} ${name}` },
        h('h3', {}, name),
        ...reasons.map((reason) => h('p', {}, reason)),
        inTheWay.sample.length === 0
          ? undefined
          : h(
              'div',
              {},
              h('p', {}, 'In the way, for example:'),
              h(
                'ul',
                { class: 'ids', 'aria-label': `In the way of ${name}, for example` },
                inTheWay.sample.map(({ customerId, unit }) =>
                  h('li', {}, h('code', {}, customerId), ` of ${unitText(unit)}`),
                ),
              ),
            ),
      ),
    ),
  );
}

function rowOf({ name, provider, ready, members, units, owner, inTheWay }: SegmentReadiness): JSX.Element {
  const [word, tone] = readiness[ready];
  return h(
    'tr',
    { key: `${provider} ${name}` },
    h('th', { scope: 'row' }, name),
    h('td', {}, h('span', { class: `badge ${tone}` }, word)),
    h('td', { class: 'number' }, numberText(members)),
    h('td', {}, units.map((unit) => `${unitText(unit)} ${numberText(unit.members)}`).join(', ')),
    h('td', {}, owner === null ? 'not known' : unitText(owner)),
    h('td', { class: 'number' }, numberText(inTheWay.members)),
  );
}
