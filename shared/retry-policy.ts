/** How work is done again while a service is unavailable. */
export interface RetryPolicy {
  /** Pauses before the tries after the first, in milliseconds; the last one repeats. */
  readonly pausesMs: readonly number[];
  /** Tries after the first; then the work is given up. */
  readonly mostTries: number;
  /** The longest pause, in milliseconds, even where the service asks for a longer one. */
  readonly longestPauseMs?: number;
}

/**
 * How long to wait before a try.
 * @param attempt 1 for the first try after a failure
 * @param askedMs what the service asks for at least
 */
export function pauseBefore({ pausesMs, longestPauseMs }: RetryPolicy, attempt: number, askedMs = 0): number {
  const pauseMs = pausesMs[Math.min(attempt, pausesMs.length) - 1] ?? 0;
  return Math.min(Math.max(pauseMs, askedMs), longestPauseMs ?? Number.POSITIVE_INFINITY);
}
