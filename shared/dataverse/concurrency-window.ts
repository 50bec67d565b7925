/** Twice as slow as usual for the same work: the organisation is loaded, by us or by others. */
const slowFrom = 2;
/** Above this no more is asked of it. */
const strainedFrom = 1.5;
const backOffTo = 0.7;
/** Growth is judged against what was measured at this share of the present window. */
const comparedWith = 0.7;

/**
 * How many requests may be in flight at once: one more per round while throughput keeps up, fewer by a factor when the
 * service slows down or says that there are too many. Pure; `slowness` is how much longer a request took than usual for its
 * kind and size, 1 = as usual.
 */
export class ConcurrencyWindow {
  #limit: number;
  #hinted = false;
  readonly #most: number;
  #slowness = 1;
  /** Smoothed slowness by number of requests in flight. */
  readonly #slownessAt = new Map<number, number>();
  #finishedInRound = 0;
  #peakInRound = 0;
  #sinceBackOff = 0;

  /** @param most the window never exceeds it */
  constructor(most: number, first = 4) {
    this.#most = most;
    this.#limit = Math.min(most, first);
  }

  get limit(): number {
    return Math.max(1, Math.floor(this.#limit));
  }

  get slowness(): number {
    return this.#slowness;
  }

  /** The service recommends `requests` at once: where to begin. Later hints are ignored, by then we know better. */
  hint(requests: number): void {
    if (this.#hinted || requests < 1) return;
    this.#hinted = true;
    this.#limit = Math.min(this.#most, requests);
  }

  /** A request ended well; `inFlight` counts it too. */
  finished(slowness: number, inFlight: number): void {
    this.#slowness += 0.3 * (slowness - this.#slowness);
    this.#finishedInRound++;
    this.#sinceBackOff++;
    this.#peakInRound = Math.max(this.#peakInRound, inFlight);
    // After a back-off the requests sent before it are still coming in: they say nothing about the smaller window.
    if (this.#slowness >= slowFrom && this.#sinceBackOff > inFlight) this.#backOff(inFlight);
    else if (this.#finishedInRound >= this.limit) this.#endRound();
  }

  /** The service refused because too many were in flight. */
  tooMany(inFlight: number): void {
    this.#backOff(inFlight);
  }

  #backOff(inFlight: number): void {
    this.#limit = Math.max(1, Math.min(this.#limit, inFlight) * backOffTo);
    this.#sinceBackOff = 0;
    this.#startRound();
  }

  #endRound(): void {
    const requests = this.limit;
    // A window that is not used up tells nothing about a larger one.
    const full = this.#peakInRound >= requests;
    if (full) {
      const before = this.#slownessAt.get(requests);
      this.#slownessAt.set(requests, before === undefined ? this.#slowness : (before + this.#slowness) / 2);
      if (this.#slowness < strainedFrom) {
        if (this.#latencyOutgrows(requests)) this.#limit = Math.max(1, this.#limit * 0.9);
        else this.#limit = Math.min(this.#most, this.#limit + 1);
      }
    }
    this.#startRound();
  }

  /** Whether, compared with a smaller window, latency has grown by a larger factor than throughput. */
  #latencyOutgrows(requests: number): boolean {
    let smaller = 0;
    for (const measured of this.#slownessAt.keys()) {
      if (measured <= requests * comparedWith && measured > smaller) smaller = measured;
    }
    const slownessThen = this.#slownessAt.get(smaller);
    const slownessNow = this.#slownessAt.get(requests);
    if (slownessThen === undefined || slownessNow === undefined) return false;
    const latency = slownessNow / slownessThen;
    const throughput = requests / smaller / latency;
    return latency > throughput;
  }

  #startRound(): void {
    this.#finishedInRound = 0;
    this.#peakInRound = 0;
  }
}
