import { mostQuietRows, quietRows } from './limits.ts';

/**
 * Whether a table's bulk messages are worth sending. One bad row refuses a whole message, so where bad rows lie scattered
 * nearly every one is refused; `$batch`es tell each row's answer at once. Bulk messages come back when it is quiet. Pure.
 */
export class BulkTrust {
  #isShaken = false;
  #quietRows = 0;
  #needed = quietRows;

  /** Rows are better sent by `$batch` for now. */
  get isShaken(): boolean {
    return this.#isShaken;
  }

  /** A bulk message was refused for some row's sake. */
  bulkRefused(): void {
    // Requests under way at the same time are refused together: that says no more than one of them does.
    if (this.#isShaken) return;
    if (this.#quietRows > 0 && this.#quietRows < this.#needed) this.#needed = Math.min(mostQuietRows, this.#needed * 2);
    this.#isShaken = true;
    this.#quietRows = 0;
  }

  rowRefused(): void {
    this.#quietRows = 0;
  }

  /** Rows were written, by whichever message. */
  taken(rows: number): void {
    this.#quietRows += rows;
    if (this.#quietRows < this.#needed) return;
    // Back to bulk messages; a long time without a refusal forgives the earlier ones.
    if (this.#isShaken) this.#quietRows = 0;
    else this.#needed = quietRows;
    this.#isShaken = false;
  }
}
