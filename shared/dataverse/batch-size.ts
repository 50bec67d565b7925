/** Bounds of a bulk request's size, in rows. */
export interface SizeBounds {
  readonly first: number;
  readonly smallest: number;
  readonly largest: number;
}

/** A request is not made larger if it would then take longer: rows at risk, and the end of a pass, wait for it. */
const longestMs = 30_000;
/** How many requests of a size are looked at before another size is tried. */
const samplesOfSize = 3;
/** From this part of a size on a request stands for it. */
const representativeFrom = 0.6;
/** Fewer, larger requests are worth having even where a row costs the same; not where it costs more than this part more. */
const toleratedPart = 0.1;
/** After so many requests without a failure a size that failed before is tried again. */
const forgivenAfter = 100;

/**
 * Rows per bulk request of one table: doubled while a row costs no more than before, taken back where it does, and made
 * smaller when the service runs into time-outs. Pure.
 */
export class BatchSize {
  #rows: number;
  readonly #bounds: SizeBounds;
  /** Smoothed milliseconds per row, by size. */
  readonly #cost = new Map<number, number>();
  #samples = 0;
  /** Sizes above did not pay or failed. */
  #ceiling: number;
  #sinceCeiling = 0;

  constructor(bounds: SizeBounds) {
    this.#bounds = bounds;
    this.#rows = bounds.first;
    this.#ceiling = bounds.largest;
  }

  get rows(): number {
    return this.#rows;
  }

  /** A request of `rows` rows took `durationMs`. One much smaller than the present size tells nothing about it. */
  succeeded(rows: number, durationMs: number): void {
    if (++this.#sinceCeiling >= forgivenAfter) {
      this.#ceiling = this.#bounds.largest;
      this.#sinceCeiling = 0;
    }
    if (durationMs > longestMs && rows > this.#bounds.smallest) {
      this.#cap(Math.floor((rows * longestMs) / durationMs));
      return;
    }
    if (rows < this.#rows * representativeFrom) return;
    const size = this.#rows;
    const perRow = durationMs / rows;
    const before = this.#cost.get(size);
    this.#cost.set(size, before === undefined ? perRow : before + 0.3 * (perRow - before));
    if (++this.#samples < samplesOfSize) return;
    this.#samples = 0;
    const cost = this.#cost.get(size) ?? perRow;
    const smaller = [...this.#cost.keys()].filter((other) => other < size).sort((one, other) => other - one)[0];
    const costOfSmaller = smaller === undefined ? undefined : this.#cost.get(smaller);
    if (smaller !== undefined && costOfSmaller !== undefined && cost > costOfSmaller * (1 + toleratedPart))
      this.#cap(smaller);
    else this.#grow(cost);
  }

  /** A request of `rows` rows was too large for the service, or took too long. */
  failed(rows: number): void {
    this.#cap(Math.floor(rows / 2));
  }

  #grow(perRow: number): void {
    const next = Math.min(this.#bounds.largest, this.#ceiling, this.#rows * 2, Math.floor(longestMs / perRow));
    if (next <= this.#rows) return;
    // What was measured at this size long ago would be compared with today's smaller one.
    this.#cost.delete(next);
    this.#rows = next;
  }

  #cap(rows: number): void {
    this.#ceiling = Math.max(this.#bounds.smallest, Math.min(this.#ceiling, rows));
    this.#rows = Math.min(this.#rows, this.#ceiling);
    this.#samples = 0;
    this.#sinceCeiling = 0;
  }
}
