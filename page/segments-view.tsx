import type { SegmentList } from '../shared/api/schemas.ts';
import type { SegmentReadiness, Unit } from '../shared/contracts/segments.ts';
import { type Column, DataTable } from './data-table.tsx';
import { numberText } from './format.ts';
import { Id, Time } from './parts.tsx';
import type { Actions } from './state.ts';

const readiness: Readonly<Record<SegmentReadiness['ready'], readonly [word: string, tone: string]>> = {
  yes: ['ready', 'good'],
  no: ['not ready', 'bad'],
  unknown: ['not known', 'warn'],
};

const unitText = ({ id, name }: Unit): string => name ?? id ?? 'not known';
const keyOf = ({ provider, name }: SegmentReadiness): string => `${provider} ${name}`;

const columns: Column<SegmentReadiness>[] = [
  { name: 'Segment', cell: ({ name }) => name },
  {
    name: 'Ready',
    cell: ({ ready }) => {
      const [word, tone] = readiness[ready];
      return <span class={`badge ${tone}`}>{word}</span>;
    },
  },
  { name: 'Members', isNumber: true, cell: ({ members }) => numberText(members) },
  {
    name: 'Their units',
    isLong: true,
    cell: ({ units }) => units.map((unit) => `${unitText(unit)} ${numberText(unit.members)}`).join(', '),
  },
  { name: 'Owner', isLong: true, cell: ({ owner }) => (owner === null ? 'not known' : unitText(owner)) },
  { name: 'In the way', isNumber: true, cell: ({ inTheWay }) => numberText(inTheWay.members) },
];

/** Each segment with the business units of its members and owner, and what keeps it from being processed. */
export const SegmentsView = ({
  list: { segments, countedAt },
  actions,
  now,
}: {
  readonly list: SegmentList;
  readonly actions: Actions;
  readonly now: number;
}) => {
  if (segments.length === 0) return <p>No customer is in a segment.</p>;
  return (
    <>
      <p>
        Dynamics 365 Marketing processes a segment whose members and owner all belong to one business unit.{' '}
        {countedAt === null ? undefined : (
          <span class="quiet">
            Counted as of <Time at={countedAt} now={now} />
          </span>
        )}
      </p>
      <DataTable caption="Segments" columns={columns} rows={segments} keyOf={keyOf} />
      {segments
        .filter(({ reasons }) => reasons.length > 0)
        .map((segment) => (
          <NotReady key={keyOf(segment)} segment={segment} actions={actions} />
        ))}
    </>
  );
};

const NotReady = ({
  segment: { name, reasons, inTheWay },
  actions,
}: {
  readonly segment: SegmentReadiness;
  readonly actions: Actions;
}) => (
  <div>
    <h3>{name}</h3>
    {reasons.map((reason) => (
      <p key={reason}>{reason}</p>
    ))}
    {inTheWay.sample.length === 0 ? undefined : (
      <>
        <p>In the way, for example:</p>
        <ul aria-label={`In the way of ${name}, for example`}>
          {inTheWay.sample.map(({ customerId, unit }) => (
            <li key={customerId}>
              <Id value={customerId} what="customer id" actions={actions} /> of {unitText(unit)}
            </li>
          ))}
        </ul>
      </>
    )}
  </div>
);
