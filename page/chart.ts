import { changedRows } from '../shared/contracts/changed-rows.ts';
import type { RunSummary } from '../shared/contracts/run-summary.ts';
import { runProgress } from './progress.ts';

/** One run in the chart. */
export interface ChartPoint {
  readonly runId: string;
  readonly receivedAt: string;
  /** Rows that were written. */
  readonly changed: number;
  /** Rows read per second. */
  readonly perSecond: number;
}

/** Runs in the chart: as many as can be told apart at the width of a telephone. */
const maxPoints = 40;

/** The newest runs that linked anything or could have, oldest first. */
export function chartPoints(runs: readonly RunSummary[]): ChartPoint[] {
  return runs
    .filter((run) => run.endedAt !== undefined && run.mode !== 'rehearsal')
    .slice(0, maxPoints)
    .map((run) => ({
      runId: run.runId,
      receivedAt: run.receivedAt,
      changed: changedRows(run.summary.counters),
      perSecond: runProgress(run, Date.parse(run.endedAt ?? run.receivedAt))?.perSecond ?? 0,
    }))
    .reverse();
}

/** A mark on an axis: its number, and where it is, from 0 at the bottom to 1 at the top. */
export interface Tick {
  readonly value: number;
  readonly at: number;
}

export interface Scale {
  /** Where a value is, from 0 to 1. */
  readonly at: (value: number) => number;
  readonly ticks: readonly Tick[];
}

/** The next number of the form 1, 2 or 5 times a power of ten; at least 1. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power;
}

const scaleOf = (most: number, shares: readonly number[], bend: (share: number) => number): Scale => {
  const top = niceAbove(most);
  const ticks = shares
    .filter((share) => Number.isInteger(top * share))
    .map((share) => ({ value: top * share, at: bend(share) }));
  return { at: (value) => bend(Math.min(1, value / top)), ticks };
};

/**
 * For numbers that lie far apart: a first run of a million rows must not flatten the hundreds of later ones to nothing.
 * The lower a number, the more room it gets; the marks beside it say how much.
 */
export const spreadScale = (most: number): Scale => scaleOf(most, [0, 0.1, 0.5, 1], Math.sqrt);

export const evenScale = (most: number): Scale => scaleOf(most, [0, 0.5, 1], (share) => share);
