/** Faster than known: soon believed. */
const towardsFaster = 0.5;
/** Slower with hardly anything of ours in flight: the work itself has become slower. */
const towardsSlower = 0.02;
/** Slower with much in flight: most likely because of that. */
const towardsSlowerUnderLoad = 0.0005;
const hardlyAnything = 2;

/** How long work usually takes, by kind and size, so that a slow service can be told from a large request. */
export class LatencyBaseline {
  /** Milliseconds per row, by kind and magnitude of rows. */
  readonly #usual = new Map<string, number>();

  /**
   * How much longer than usual the work took; 1 = as usual.
   * @param given.slowness the present slowness: the first work of a new size is judged by it
   * @param given.inFlight requests in flight, this one included
   */
  observe(
    kind: string,
    rows: number,
    durationMs: number,
    given: { readonly slowness: number; readonly inFlight: number },
  ): number {
    const key = `${kind}:${Math.round(Math.log2(rows))}`;
    const perRow = durationMs / rows;
    const usual = this.#usual.get(key);
    if (usual === undefined) {
      this.#usual.set(key, perRow / given.slowness);
      return given.slowness;
    }
    const slower = given.inFlight <= hardlyAnything ? towardsSlower : towardsSlowerUnderLoad;
    const step = perRow < usual ? towardsFaster : slower;
    this.#usual.set(key, usual + step * (perRow - usual));
    return perRow / usual;
  }
}
