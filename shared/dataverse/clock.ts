import { setTimeout as delay } from 'node:timers/promises';

/** Time as the client sees it; tests and rehearsals at another speed bring their own. */
export interface Clock {
  /** Milliseconds, from any starting point, never going backwards. */
  now(): number;
  /** @throws the signal's reason once it is aborted */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A timer cannot be set further ahead than this; a longer sleep is made of several. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    for (let left = ms; ; left -= longestTimerMs) {
      try {
        await delay(Math.min(left, longestTimerMs), undefined, signal ? { signal } : {});
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
      if (left <= longestTimerMs) return;
    }
  },
};
