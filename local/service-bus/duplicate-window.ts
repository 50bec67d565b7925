/** Remembers message ids for a while, to drop a second message of the same id silently, as the service does. */
export class DuplicateWindow {
  readonly #windowMs: number;
  /** Oldest first: a Map keeps the order of insertion, and all ids live equally long. */
  readonly #seen = new Map<string, number>();

  /** A window of zero remembers nothing. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Whether this id came before within the window; if not, it is remembered from now on. */
  isDuplicate(messageId: string, now: number): boolean {
    if (this.#windowMs === 0) return false;
    for (const [id, atMs] of this.#seen) {
      if (now - atMs < this.#windowMs) break;
      this.#seen.delete(id);
    }
    if (this.#seen.has(messageId)) return true;
    this.#seen.set(messageId, now);
    return false;
  }

  get size(): number {
    return this.#seen.size;
  }
}
