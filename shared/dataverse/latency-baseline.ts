/** Faster than known: believed at once. Slower: only after hundreds of requests, it may be a busy hour. */
const TOWARDS_FASTER = 0.5;
const TOWARDS_SLOWER = 0.005;

/** How long work usually takes, by kind and size, so that a slow service can be told from a large request. */
export class LatencyBaseline {
  /** Milliseconds per row, by kind and magnitude of rows. */
  readonly #usual = new Map<string, number>();

  /**
   * How much longer than usual the work took; 1 = as usual.
   * @param slowness the present slowness: the first work of a new size is judged by it
   */
  observe(kind: string, rows: number, durationMs: number, slowness: number): number {
    const key = `${kind}:${Math.round(Math.log2(rows))}`;
    const perRow = durationMs / rows;
    const usual = this.#usual.get(key);
    if (usual === undefined) {
      this.#usual.set(key, perRow / slowness);
      return slowness;
    }
    const step = perRow < usual ? TOWARDS_FASTER : TOWARDS_SLOWER;
    this.#usual.set(key, usual + step * (perRow - usual));
    return perRow / usual;
  }
}
