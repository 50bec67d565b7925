import { changedRows } from '../shared/contracts/changed-rows.ts';
import type { RunWithTasks } from '../shared/contracts/run.ts';
import { runRowsPerSecond } from './format.ts';

/** One run in the chart. */
export interface ChartPoint {
  readonly runId: string;
  readonly receivedAt: string;
  /** Rows whose link was written. */
  readonly changed: number;
  readonly perSecond: number;
}

/** Runs in the chart: as many as can be told apart at the width of a telephone. */
const maxPoints = 40;

/** The newest runs that linked anything or could have, oldest first. */
export function chartPoints(runs: readonly RunWithTasks[]): ChartPoint[] {
  return runs
    .filter((run) => run.endedAt !== undefined && run.mode !== 'rehearsal')
    .slice(0, maxPoints)
    .map((run) => ({
      runId: run.runId,
      receivedAt: run.receivedAt,
      changed: run.tasks.reduce((sum, task) => sum + changedRows(task.counters), 0),
      perSecond: runRowsPerSecond(run.tasks, Date.parse(run.endedAt ?? run.receivedAt)),
    }))
    .reverse();
}

export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface ChartShape {
  readonly bars: readonly Bar[];
  /** `points` of the line of throughput. */
  readonly line: string;
  readonly mostChanged: number;
  readonly mostPerSecond: number;
}

/**
 * Where bars and line go in a box. Rows stand on a root scale: a first run of a million rows must not flatten the
 * hundreds of later ones to nothing.
 */
export function chartShape(points: readonly ChartPoint[], width: number, height: number): ChartShape {
  const mostChanged = Math.max(0, ...points.map(({ changed }) => changed));
  const mostPerSecond = Math.max(0, ...points.map(({ perSecond }) => perSecond));
  const step = width / Math.max(points.length, 8);
  const round = (value: number): number => Math.round(value * 10) / 10;
  const bars = points.map(({ changed }, index): Bar => {
    const share = mostChanged === 0 ? 0 : Math.sqrt(changed / mostChanged);
    const barHeight = changed === 0 ? 0 : Math.max(2, share * height);
    return {
      x: round(index * step + step * 0.15),
      y: round(height - barHeight),
      width: round(step * 0.7),
      height: round(barHeight),
    };
  });
  const line = points
    .map(({ perSecond }, index) => {
      const share = mostPerSecond === 0 ? 0 : perSecond / mostPerSecond;
      return `${round(index * step + step / 2)},${round(height - share * (height - 4) - 2)}`;
    })
    .join(' ');
  return { bars, line, mostChanged, mostPerSecond };
}
