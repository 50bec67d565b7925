/** How long the end of an invocation waits for what was recorded to be sent, in milliseconds. */
const limitMs = 1_000;
/** After a wait that was in vain nobody waits again for this long: the receiver is away, and every answer would be late. */
const pauseMs = 30_000;

/**
 * Sends what was recorded before an invocation ends, since its process may be frozen right after. Bounded: telemetry
 * never holds the work up for long, and what was not sent in time stays in the batches for the next chance.
 */
export class Flusher {
  readonly #send: () => Promise<unknown>;
  readonly #now: () => number;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #pausedUntil = 0;

  /** @param send sends all that was recorded so far; a rejection counts as sent, nobody can do better */
  constructor(send: () => Promise<unknown>, now: () => number = Date.now) {
    this.#send = send;
    this.#now = now;
  }

  /** Resolves when all that was recorded before the call is sent, or the limit is reached. Never rejects. */
  async flush(): Promise<void> {
    const sent = this.#sendOnce();
    if (this.#now() < this.#pausedUntil) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), limitMs);
    });
    const outcome = await Promise.race([sent, limit]);
    clearTimeout(timer);
    if (outcome === 'late') this.#pausedUntil = this.#now() + pauseMs;
  }

  /** Many invocations that end together share one sending: the one after that which is under way has all of theirs. */
  #sendOnce(): Promise<void> {
    if (this.#running !== undefined) {
      this.#next ??= this.#running.then(() => {
        this.#next = undefined;
        return this.#sendOnce();
      });
      return this.#next;
    }
    this.#running = this.#send()
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }
}
