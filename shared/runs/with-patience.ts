import { isRetryableError, logTextOf } from '../errors.ts';
import type { RunParts } from './parts.ts';

/** Pauses while a service is unavailable, in milliseconds; together shorter than the lock of a message is renewed for. */
const pausesMs = [1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 60_000];

/**
 * Does short work again while a service is unavailable. A message that is given back comes again at once, and after
 * ten tries never more: an outage of seconds would use them up.
 * @throws RetryableError when the patience is over too, and whatever else the work throws
 */
export async function withPatience<T>(parts: RunParts, what: string, work: () => Promise<T>): Promise<T> {
  for (const pauseMs of pausesMs) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryableError(error)) throw error;
      const waitMs = Math.min(Math.max(pauseMs, error.retryAfterMs ?? 0), 60_000);
      parts.telemetry.log('warn', 'A service is unavailable; waiting', { what, waitMs, reason: logTextOf(error) });
      await parts.sleep(waitMs);
    }
  }
  return work();
}
