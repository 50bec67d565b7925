import type { InstancesFigures } from '../scale/measure-instances.ts';
import type { InFlight, PassPerformance } from './contenders/backstamp.ts';
import { limitOver, type Model, type Progress, sustainedRate } from './model.ts';
import type { OrganisationStats } from './organisation.ts';

/** One contender's line of the table. */
export interface ContenderFigures {
  readonly name: string;
  readonly rows: number;
  readonly rowsPerSecond: number;
  /** Of what one identity's budgets permit, 0 to 1. */
  readonly shareOfLimit: number;
  /** Requests answered 429. */
  readonly throttled: number;
  readonly requestsPer1000Rows: number;
  readonly cpuMsPer1000Rows: number;
  readonly peakMiB: number;
}

export interface GrowthFigures {
  readonly rows: number;
  /** The first pass links every row; before later ones, rows moved to other profiles, or left the map. */
  readonly pass: 'first' | 'moved' | 'left';
  /** Map rows changed since the last pass; null for the first. */
  readonly changes: number | null;
  readonly requests: number;
  /** Of the modelled clock. */
  readonly seconds: number;
  /** Processor time of the client, milliseconds. */
  readonly cpuMs: number;
  readonly peakMiB: number;
}

export interface IdentityFigures {
  readonly identities: number;
  readonly rowsPerSecond: number;
  readonly shareOfLimit: number;
  readonly throttledShare: number;
}

export interface PluginFigures {
  readonly costPerPluginMs: number;
  readonly rowsPerSecond: number;
  readonly shareOfLimit: number;
}

/** A first pass over rows of which a share is refused, each by itself. */
export interface RefusalFigures {
  /** 0 to 1; 1 is a plug-in that refuses every row. */
  readonly badShare: number;
  readonly rows: number;
  readonly requests: number;
  /** Against a pass of which no row is refused. */
  readonly timesTheRequests: number;
  readonly linked: number;
  readonly status: string;
}

/** What the benchmark prints with `--json`. */
export interface Figures {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGiB: number; readonly node: string };
  readonly model: Model;
  readonly limitRowsPerSecond: number;
  readonly contenders: readonly ContenderFigures[];
  readonly growth: readonly GrowthFigures[];
  readonly identities: readonly IdentityFigures[];
  /** In virtual time: the same on every machine. */
  readonly instances: readonly InstancesFigures[];
  readonly plugins: readonly PluginFigures[];
  readonly refusals: readonly RefusalFigures[];
}

/** Puts one run into figures. */
export function contenderFigures(
  name: string,
  { rows, progress, seconds, cpuMs, peakMiB }: PassPerformance,
  { requests }: OrganisationStats,
  model: Model,
): ContenderFigures {
  const rowsPerSecond = sustainedRate(progress, seconds, model.windowSeconds);
  return {
    name,
    rows,
    rowsPerSecond,
    shareOfLimit: rowsPerSecond / limitOver(seconds, model),
    throttled: requests.byStatus['429'] ?? 0,
    requestsPer1000Rows: requests.total / (rows / 1000),
    cpuMsPer1000Rows: cpuMs / (rows / 1000),
    peakMiB,
  };
}

/** The run in the middle by rows per second. */
export function median(runs: readonly ContenderFigures[]): ContenderFigures {
  const sorted = [...runs].sort((a, b) => a.rowsPerSecond - b.rowsPerSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (!middle) throw new Error('There is no run to take the median of.');
  return middle;
}

/** Requests in flight, on average over each stretch of a run. */
export function inFlightOver(
  samples: readonly InFlight[],
  stretchSeconds: number,
): readonly (readonly [number, number])[] {
  const end = samples.at(-1)?.seconds ?? 0;
  const sums = new Array<number>(Math.ceil(end / stretchSeconds)).fill(0);
  for (const [n, { seconds, requests }] of samples.entries()) {
    const until = samples[n + 1]?.seconds ?? seconds;
    for (let at = Math.floor(seconds / stretchSeconds); at * stretchSeconds < until; at++) {
      const from = Math.max(seconds, at * stretchSeconds);
      const to = Math.min(until, (at + 1) * stretchSeconds);
      sums[at] = (sums[at] ?? 0) + (requests * (to - from)) / stretchSeconds;
    }
  }
  return sums.map((mean, n) => [(n + 0.5) * stretchSeconds, mean]);
}

/** Rows per second in each stretch of a run. */
export function ratesOver(
  progress: readonly Progress[],
  stretchSeconds: number,
): readonly (readonly [number, number])[] {
  const end = progress.at(-1)?.seconds ?? 0;
  const rates = new Array<number>(Math.ceil(end / stretchSeconds)).fill(0);
  for (const { seconds, rows } of progress) {
    const at = Math.min(rates.length - 1, Math.floor(seconds / stretchSeconds));
    rates[at] = (rates[at] ?? 0) + rows / stretchSeconds;
  }
  return rates.map((rate, n) => [(n + 0.5) * stretchSeconds, rate]);
}
