/** Why a request has to wait. */
export type WaitCause = 'retryAfter' | 'concurrency' | 'budget';

/** Whether a request may start; if not, in how many milliseconds asking again can help (Infinity: when one ends). */
export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly waitMs: number; readonly cause: WaitCause };

const ADMITTED: Admission = { admitted: true };

/**
 * What one identity may send, in one process: a state machine without clock or timers; `now` is in milliseconds.
 *
 * A Retry-After given to the identity is a hard stop: nothing is admitted before it is over.
 */
export class Throttle {
  #inFlight = 0;
  #stoppedUntil = 0;
  readonly #maxConcurrency: number;

  constructor(options: { readonly maxConcurrency: number }) {
    this.#maxConcurrency = options.maxConcurrency;
  }

  admit(now: number): Admission {
    if (now < this.#stoppedUntil) return { admitted: false, waitMs: this.#stoppedUntil - now, cause: 'retryAfter' };
    if (this.#inFlight >= this.#maxConcurrency) return { admitted: false, waitMs: Infinity, cause: 'concurrency' };
    return ADMITTED;
  }

  start(_now: number): void {
    this.#inFlight++;
  }

  finish(_now: number): void {
    this.#inFlight--;
  }

  /** Nothing may start before `until`. */
  stop(until: number): void {
    this.#stoppedUntil = Math.max(this.#stoppedUntil, until);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Requests that may be in flight at once, as things stand. */
  concurrency(_now: number): number {
    return this.#maxConcurrency;
  }
}
