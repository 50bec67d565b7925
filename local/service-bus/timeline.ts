/** Node fires timers beyond 2^31-1 ms at once; far moments are approached in steps of this size. */
const LONGEST_SLEEP_MS = 3_600_000;

interface Entry {
  readonly atMs: number;
  action: (() => void) | undefined;
}

/**
 * Everything that happens later: locks that run out, scheduled messages, expiry. One timer for all of it, which never
 * keeps the process alive. Cancelled entries are swept once they outnumber the living, so settled locks cost no memory.
 */
export class Timeline {
  #heap: Entry[] = [];
  #cancelled = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #closed = false;

  /** Runs `action` at `atMs` (epoch milliseconds), or soon where that has passed; the answer cancels it. */
  at(atMs: number, action: () => void): () => void {
    if (this.#closed || atMs === Number.POSITIVE_INFINITY) return () => {};
    const entry: Entry = { atMs, action };
    this.#push(entry);
    this.#arm();
    return () => {
      if (!entry.action) return;
      entry.action = undefined;
      this.#cancelled++;
      if (this.#cancelled > 1024 && this.#cancelled > this.#heap.length / 2) this.#sweep();
    };
  }

  /** How many actions are still to come. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Forgets everything; later calls of {@link at} do nothing. */
  close(): void {
    this.#closed = true;
    this.#heap = [];
    clearTimeout(this.#timer);
  }

  #arm(): void {
    const next = this.#heap[0];
    if (!next || next.atMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = next.atMs;
    const delay = Math.min(Math.max(0, next.atMs - Date.now()), LONGEST_SLEEP_MS);
    this.#timer = setTimeout(() => this.#run(), delay).unref();
  }

  #run(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const now = Date.now();
    for (let next = this.#heap[0]; next && next.atMs <= now; next = this.#heap[0]) {
      this.#pop();
      const { action } = next;
      next.action = undefined;
      if (action) action();
      else this.#cancelled--;
    }
    this.#arm();
  }

  #sweep(): void {
    const living = this.#heap.filter((entry) => entry.action);
    this.#heap = [];
    this.#cancelled = 0;
    for (const entry of living) this.#push(entry);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (!parent || parent.atMs <= entry.atMs) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      const left = heap[childIndex];
      if (!left) break;
      const right = heap[childIndex + 1];
      if (right && right.atMs < left.atMs) childIndex++;
      const child = heap[childIndex];
      if (!child || child.atMs >= last.atMs) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}
