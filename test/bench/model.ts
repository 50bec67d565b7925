/**
 * The modelled organisation, and what its limits permit.
 *
 * The limits are the documented ones: 6,000 requests and 1,200 s of execution time per application user and web server in any
 * 300 s, 52 requests at once. The costs follow from three measurements that users published of live organisations:
 *
 * - UpsertMultiple of 100 rows, 5 requests at once (the recommended degree of parallelism): 202 rows/s
 * - the same at 50 at once: 509 rows/s
 * - single creates at 32 at once: 334 rows/s
 *
 * A fixed part of 6.4 ms per operation and 24.8 ms per row, with requests slowing each other down by (in flight / 5)^0.6,
 * meets all three within 2 % as times that the client observes. In the first of them five requests were busy for 358 s
 * without a 429: 1,500 s observed in a window were charged as at most 1,200 s. So of each time 80 % is charged, and 5 ms
 * and 20 ms are what the model takes. A bulk message is one operation; each part of a `$batch` runs as one of its own, and is
 * charged the fixed part like a single request. Slowing down is left out of the throughput rows: with the execution time as the binding
 * limit, four requests at once per identity are all that can be sustained.
 */
export const model = {
  servers: 1,
  requestsPerWindow: 6_000,
  executionSeconds: 1_200,
  windowSeconds: 300,
  concurrency: 52,
  dopHint: 5,
  costPerRequestMs: 5,
  costPerRowMs: 20,
  costPerPluginMs: 0,
  contention: 0,
} as const;

export type Model = { readonly [name in keyof typeof model]: number };

/** Largest bulk request that any contender sends. */
const LARGEST_REQUEST = 1_000;

const msPerRow = ({ costPerRowMs, costPerPluginMs, costPerRequestMs }: Model): number =>
  costPerRowMs + costPerPluginMs + costPerRequestMs / LARGEST_REQUEST;

/** Rows that one application user's budgets permit in one window. */
function rowsPerWindow(limits: Model): number {
  const byExecution = (limits.executionSeconds * 1000) / msPerRow(limits);
  return Math.min(byExecution, limits.requestsPerWindow * LARGEST_REQUEST) * limits.servers;
}

/** Rows per second that one application user's budgets permit in the long run, in requests as large as they get. */
export const limitRowsPerSecond = (limits: Model): number => rowsPerWindow(limits) / limits.windowSeconds;

/**
 * The same over a time: whole windows only, see `sustainedRate`; a shorter run may spend a window's budget as fast as as many
 * requests at once as are allowed can.
 */
export function limitOver(seconds: number, limits: Model): number {
  if (seconds >= limits.windowSeconds) return limitRowsPerSecond(limits);
  const atOnce = (limits.concurrency * limits.servers * 1000) / msPerRow(limits);
  return Math.min(atOnce, rowsPerWindow(limits) / seconds);
}

/** Rows that were done by a time of the modelled clock. */
export interface Progress {
  /** Seconds since the first request. */
  readonly seconds: number;
  readonly rows: number;
}

/**
 * The rate over whole windows: in n of them the budgets permit n times their sum, however it is spread, so a burst at
 * the beginning neither helps nor harms. A run shorter than a window is measured to its end.
 * @param seconds how long the run took, waiting included
 */
export function sustainedRate(progress: readonly Progress[], seconds: number, windowSeconds: number): number {
  const until = Math.floor(seconds / windowSeconds) * windowSeconds || seconds;
  const rows = progress.filter((one) => one.seconds <= until).reduce((sum, one) => sum + one.rows, 0);
  return until > 0 ? rows / until : 0;
}
