import { DataverseError } from '../errors.ts';
import type { Settings } from '../settings.ts';
import { SlidingWindow } from './sliding-window.ts';

/** Which limit refused a request. */
export type ThrottleCause = 'requests' | 'executionTime' | 'concurrency';

/** A 429 of service protection. */
export class ThrottledError extends DataverseError {
  readonly limit: ThrottleCause;

  constructor(cause: ThrottleCause, code: string, message: string, retryAfterSeconds: number) {
    super(429, code, message, { 'Retry-After': String(retryAfterSeconds) });
    this.limit = cause;
  }
}

/** How much each refused request that is sent while one has to wait lengthens the wait. */
const PENALTY_MS = 250;

/**
 * What one user may do on one server: requests and execution time in sliding windows, and requests at once. All times are
 * those of the modelled service.
 */
export class Budget {
  readonly #settings: Settings;
  readonly #requests: SlidingWindow;
  readonly #execution: SlidingWindow;
  #inFlight = 0;
  #penalty: { until: number; cause: 'requests' | 'executionTime' } | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#requests = new SlidingWindow(settings.windowSeconds * 1000);
    this.#execution = new SlidingWindow(settings.windowSeconds * 1000);
  }

  /** Lets a request in, or refuses it with 429. */
  enter(now: number): void {
    const { concurrency, concurrencyRetryAfterSeconds } = this.#settings;
    if (this.#inFlight >= concurrency) {
      const message = `Number of concurrent requests exceeded the limit of ${concurrency}.`;
      throw new ThrottledError(
        'concurrency',
        '0x80072326',
        message,
        this.#seconds(concurrencyRetryAfterSeconds * 1000),
      );
    }
    const cause = this.#overrun(now);
    if (cause) throw this.#refuse(cause, now);
    this.#requests.add(now, 1);
    this.#inFlight++;
  }

  /** A request that was let in has ended; `executionMs` is what it is charged. */
  leave(now: number, executionMs: number): void {
    this.#inFlight--;
    if (executionMs > 0) this.#execution.add(now, executionMs);
  }

  /** What is left, for the two headers that tell it. */
  remaining(now: number): { readonly requests: number; readonly executionSeconds: number } {
    const requests = Math.max(0, this.#settings.requestsPerWindow - this.#requests.total(now));
    const executionSeconds = Math.max(0, this.#settings.executionSeconds - this.#execution.total(now) / 1000);
    return { requests, executionSeconds };
  }

  #overrun(now: number): 'requests' | 'executionTime' | undefined {
    if (this.#penalty && this.#penalty.until > now) return this.#penalty.cause;
    this.#penalty = undefined;
    if (this.#requests.total(now) >= this.#settings.requestsPerWindow) return 'requests';
    return this.#execution.total(now) >= this.#settings.executionSeconds * 1000 ? 'executionTime' : undefined;
  }

  #refuse(cause: 'requests' | 'executionTime', now: number): ThrottledError {
    const { requestsPerWindow, executionSeconds, windowSeconds } = this.#settings;
    if (this.#penalty) {
      const longest = now + windowSeconds * 1000;
      this.#penalty.until = Math.min(longest, this.#penalty.until + PENALTY_MS);
    } else {
      // One hundredth of the budget must be free again, or the next request would draw the next refusal.
      const wait =
        cause === 'requests'
          ? this.#requests.timeUntil(now, requestsPerWindow * 0.99)
          : this.#execution.timeUntil(now, executionSeconds * 1000 * 0.99);
      this.#penalty = { until: now + wait, cause };
    }
    const seconds = this.#seconds(this.#penalty.until - now);
    return cause === 'requests'
      ? new ThrottledError(
          cause,
          '0x80072322',
          `Number of requests exceeded the limit of ${requestsPerWindow} over time window of ${windowSeconds} seconds.`,
          seconds,
        )
      : new ThrottledError(
          cause,
          '0x80072321',
          `Combined execution time of incoming requests exceeded limit of ${grouped(executionSeconds * 1000)}  milliseconds over time window of ${windowSeconds} seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.`,
          seconds,
        );
  }

  /** Retry-After is in whole seconds, and never nothing. */
  #seconds(modelMs: number): number {
    const { retryAfterClock, timeScale } = this.#settings;
    return Math.max(1, Math.ceil(modelMs / (retryAfterClock === 'client' ? timeScale : 1) / 1000));
  }
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const hundredths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A number with thousands separators, as texts and headers of the service have it. */
export const grouped = (value: number, digits: 0 | 2 = 0): string => (digits === 0 ? whole : hundredths).format(value);
