import { isRetryableError, logTextOf } from '../errors.ts';
import { pauseBefore } from '../retry-policy.ts';
import { recordingRetry } from './limits.ts';
import type { RunParts } from './parts.ts';

/**
 * Does short work again while a service is unavailable.
 * @throws RetryableError when the last try has failed too, and whatever else the work throws
 */
export async function withRetries<T>(
  parts: Pick<RunParts, 'telemetry' | 'sleep'>,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; attempt <= recordingRetry.mostTries; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryableError(error)) throw error;
      const waitMs = pauseBefore(recordingRetry, attempt, error.retryAfterMs);
      parts.telemetry.log('warn', 'A service is unavailable; waiting', { what, waitMs, reason: logTextOf(error) });
      await parts.sleep(waitMs);
    }
  }
  return work();
}
