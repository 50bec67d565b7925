/** Lets a number of callers in at a time, the others in the order of their coming. */
export interface Semaphore {
  /** Waits for a turn; the function returned ends it. */
  acquire(): Promise<() => void>;
}

/** Creates a semaphore with `size` turns. */
export function createSemaphore(size: number): Semaphore {
  let free = size;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  return {
    async acquire() {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return release;
    },
  };
}
