import type { TargetedKeyboardEvent } from 'preact';
import type { RunSummary } from '../shared/contracts/run-summary.ts';
import { counted } from '../shared/counted.ts';
import { type ChartPoint, chartPoints, evenScale, type Scale, spreadScale } from './chart.ts';
import { DataTable } from './data-table.tsx';
import { clockText, dayText, numberText, timeText } from './format.ts';
import { To } from './parts.tsx';
import { hashOf, runPlace } from './place.ts';
import type { Actions } from './state.ts';

/** Room for the numbers of the axis, for the dates, and the height of each half, in pixels. */
const left = 56;
const datesHeight = 20;
const halfHeight = 90;
const gap = 26;
/** Width that a date needs, in pixels. */
const dateWidth = 70;

/** What each run's own label says in full. */
const unspoken = { 'aria-hidden': 'true' } as const;

const pointText = ({ receivedAt, changed, perSecond }: ChartPoint): string =>
  `${timeText(receivedAt)}: ${counted(changed, 'row')} changed, ${numberText(perSecond)} rows read per second`;

/** What the newest finished runs changed and how fast they were: bars with axes, one stop for the keyboard, and a table. */
export const RunsChart = ({
  runs,
  pointedRun,
  actions,
}: {
  readonly runs: readonly RunSummary[];
  readonly pointedRun: string | undefined;
  readonly actions: Actions;
}) => {
  const points = chartPoints(runs);
  if (points.length < 2) return undefined;
  const width = Math.max(260, Math.min(1100, window.innerWidth - 48));
  const height = 2 * halfHeight + 2 * gap + datesHeight;
  const step = Math.min(64, (width - left - 4) / points.length);
  const pointed = points.find(({ runId }) => runId === pointedRun);
  const marked = points.filter((_, index) => index % Math.ceil(dateWidth / step) === 0);
  return (
    <figure>
      {/* biome-ignore lint/a11y/useSemanticElements: a drawing with a name, no fields of a form. */}
      <svg width={width} height={height} role="group" aria-label={`The last ${points.length} finished runs`}>
        <Half
          name="Rows changed"
          top={gap}
          width={width}
          scale={spreadScale(Math.max(...points.map((one) => one.changed)))}
        />
        <Half
          name="Rows read per second"
          top={2 * gap + halfHeight}
          width={width}
          scale={evenScale(Math.max(...points.map((one) => one.perSecond)))}
        />
        {points.map((point, index) => (
          <Bars
            key={point.runId}
            point={point}
            x={left + index * step}
            step={step}
            // Arrows go from run to run, so that the keyboard stops here once.
            isStop={index === points.length - 1}
            changed={spreadScale(Math.max(...points.map((one) => one.changed))).at(point.changed)}
            perSecond={evenScale(Math.max(...points.map((one) => one.perSecond))).at(point.perSecond)}
            actions={actions}
          />
        ))}
        {marked.map((point, index) => (
          <text
            key={point.runId}
            class="tick"
            x={left + points.indexOf(point) * step + step * 0.15}
            y={height - 4}
            {...unspoken}
          >
            {markText(point, marked[index - 1])}
          </text>
        ))}
      </svg>
      <figcaption>
        {pointed === undefined
          ? 'Each pair of bars is a run; the oldest stands to the left. Small numbers of changed rows are drawn larger, as the marks say.'
          : pointText(pointed)}
      </figcaption>
      <details>
        <summary>The chart as a table</summary>
        <DataTable
          caption={`The last ${points.length} finished runs, oldest first`}
          rows={points}
          keyOf={({ runId }) => runId}
          columns={[
            {
              name: 'Run',
              cell: ({ runId, receivedAt }) => <To place={runPlace(runId)}>{timeText(receivedAt)}</To>,
            },
            { name: 'Rows changed', isNumber: true, cell: ({ changed }) => numberText(changed) },
            { name: 'Rows read per second', isNumber: true, cell: ({ perSecond }) => numberText(perSecond) },
          ]}
        />
      </details>
    </figure>
  );
};

/** The day of a run, and of further runs of the same day the time. */
function markText({ receivedAt }: ChartPoint, before: ChartPoint | undefined): string {
  const day = dayText(receivedAt);
  return before !== undefined && dayText(before.receivedAt) === day ? clockText(receivedAt) : day;
}

const Half = ({
  name,
  top,
  width,
  scale,
}: {
  readonly name: string;
  readonly top: number;
  readonly width: number;
  readonly scale: Scale;
}) => (
  <g {...unspoken}>
    <text class="axis-name" x={0} y={top - 10}>
      {name}
    </text>
    {scale.ticks.map(({ value, at }) => {
      const y = top + halfHeight * (1 - at);
      return (
        <g key={value}>
          <line class="grid" x1={left} x2={width} y1={y} y2={y} />
          <text class="tick" x={left - 6} y={y + 4} text-anchor="end">
            {shortNumber.format(value)}
          </text>
        </g>
      );
    })}
  </g>
);

const shortNumber = new Intl.NumberFormat('en', { notation: 'compact' });

/** Moves the focus to the run beside this one, or to the first or last. */
function followKey(event: TargetedKeyboardEvent<HTMLAnchorElement>): void {
  const bars = [...(event.currentTarget.parentElement?.querySelectorAll<HTMLAnchorElement>('a.run') ?? [])];
  const here = bars.indexOf(event.currentTarget);
  const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: bars.length - 1 }[event.key];
  const next = to === undefined ? undefined : bars[to];
  if (next === undefined) return;
  event.preventDefault();
  event.currentTarget.setAttribute('tabindex', '-1');
  next.setAttribute('tabindex', '0');
  next.focus();
}

const Bars = ({
  point,
  x,
  step,
  isStop,
  changed,
  perSecond,
  actions,
}: {
  readonly point: ChartPoint;
  readonly x: number;
  readonly step: number;
  readonly isStop: boolean;
  /** How high its bars are, from 0 to 1. */
  readonly changed: number;
  readonly perSecond: number;
  readonly actions: Actions;
}) => (
  <a
    class="run"
    href={hashOf(runPlace(point.runId))}
    tabIndex={isStop ? 0 : -1}
    aria-label={pointText(point)}
    onKeyDown={followKey}
    onFocus={() => actions.pointAt(point.runId)}
    onBlur={() => actions.pointAt(undefined)}
    onMouseEnter={() => actions.pointAt(point.runId)}
    onMouseLeave={() => actions.pointAt(undefined)}
  >
    <rect class="target" x={x} y={0} width={step} height={2 * (halfHeight + gap)} />
    <Bar kind="changed" x={x} step={step} bottom={gap + halfHeight} share={changed} />
    <Bar kind="speed" x={x} step={step} bottom={2 * (gap + halfHeight)} share={perSecond} />
  </a>
);

const Bar = ({
  kind,
  x,
  step,
  bottom,
  share,
}: {
  readonly kind: 'changed' | 'speed';
  readonly x: number;
  readonly step: number;
  readonly bottom: number;
  readonly share: number;
}) => {
  // Something is never drawn as nothing.
  const height = share === 0 ? 0 : Math.max(2, share * halfHeight);
  return (
    <rect class={`bar ${kind}`} x={x + step * 0.15} y={bottom - height} width={step * 0.7} height={height} rx={1} />
  );
};
