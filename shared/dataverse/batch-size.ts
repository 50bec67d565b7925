/** Bounds of a bulk request's size, in rows. */
export interface SizeBounds {
  readonly first: number;
  readonly smallest: number;
  readonly largest: number;
}

/** Rows per bulk request of one table. */
export class BatchSize {
  #rows: number;
  readonly #bounds: SizeBounds;

  constructor(bounds: SizeBounds) {
    this.#bounds = bounds;
    this.#rows = bounds.first;
  }

  get rows(): number {
    return this.#rows;
  }

  /** A request of `rows` rows took `durationMs`. */
  succeeded(rows: number, durationMs: number): void {
    if (rows < this.#rows) return;
    if (durationMs < 20_000) this.#rows = Math.min(this.#bounds.largest, this.#rows * 2);
  }

  /** A request of `rows` rows was too large for the service, or took too long. */
  failed(rows: number): void {
    this.#rows = Math.max(this.#bounds.smallest, Math.min(this.#rows, Math.floor(rows / 2)));
  }
}
