import type { Clock } from '../../shared/dataverse/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  wake(): void;
}

/**
 * A clock that jumps to the next sleeper's time once nobody has anything left to do: hours pass in moments, and the same
 * program does the same each time. Sleepers of the same moment wake in the order in which they lay down.
 */
export class JumpingClock implements Clock {
  #now = 0;
  #order = 0;
  /** A heap: the first one is the next to wake. */
  readonly #sleepers: Sleeper[] = [];
  #isWinding = false;
  #isStopped = false;

  now = (): number => this.#now;

  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#push({
        at: this.#now + Math.max(0, ms),
        order: this.#order++,
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      });
      this.#wind();
    });

  /** Time stands still for good: whoever sleeps never wakes. */
  stop(): void {
    this.#isStopped = true;
    this.#sleepers.length = 0;
  }

  #wind(): void {
    if (this.#isWinding || this.#isStopped) return;
    this.#isWinding = true;
    setImmediate(() => {
      this.#isWinding = false;
      const next = this.#pop();
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      this.#wind();
    });
  }

  #push(sleeper: Sleeper): void {
    const heap = this.#sleepers;
    heap.push(sleeper);
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at], heap[parent])) return;
      swap(heap, at, parent);
      at = parent;
    }
  }

  #pop(): Sleeper | undefined {
    const heap = this.#sleepers;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (isBefore(heap[child], heap[least])) least = child;
      if (least === at) return first;
      swap(heap, at, least);
      at = least;
    }
  }
}

const isBefore = (one: Sleeper | undefined, other: Sleeper | undefined): boolean =>
  one !== undefined && other !== undefined && (one.at - other.at || one.order - other.order) < 0;

function swap(heap: Sleeper[], one: number, other: number): void {
  [heap[one], heap[other]] = [heap[other] as Sleeper, heap[one] as Sleeper];
}
