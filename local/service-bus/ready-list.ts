/**
 * Messages that may be delivered, in the order of their sequence numbers. Made for what queues do: append at the end,
 * take from the front, and now and then put one back near the front.
 */
export class ReadyList<T extends { readonly sequenceNumber: number }> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** The first in order, left in place. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** Puts an item at its place in the order; one that is in the list already must not be added again. */
  add(item: T): void {
    const last = this.#items.at(-1);
    if (this.size === 0 || !last || last.sequenceNumber < item.sequenceNumber) this.#items.push(item);
    else this.#items.splice(this.#find(item.sequenceNumber), 0, item);
  }

  /** Takes the first in order out of the list. */
  takeFirst(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    // Copying the rest only when half the array is spent keeps each take at constant cost on average.
    if (this.#head > 512 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes this very item out; says whether it was in the list. */
  remove(item: T): boolean {
    const index = this.#find(item.sequenceNumber);
    if (this.#items[index] !== item) return false;
    if (index === this.#head) this.takeFirst();
    else this.#items.splice(index, 1);
    return true;
  }

  /** The place of the first item whose number is not below `sequenceNumber`. */
  #find(sequenceNumber: number): number {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const item = this.#items[middle];
      if (item && item.sequenceNumber < sequenceNumber) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
