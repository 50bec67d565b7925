/** Keeps one log line per outage of a source, however many attempts fail in it, and spaces the attempts. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log.ts';
import { messageOf } from './message-of.ts';

const firstWaitMs = 500;
const longestWaitMs = 10_000;

/** One source's state of health. */
export interface Outage {
  /** An attempt failed: logs the first failure of an outage. */
  failed(error: unknown): void;
  /** It works: logs the end of an outage. */
  recovered(): void;
  /** Waits before the next attempt, longer with each failure; ends at once when `signal` aborts. */
  backOff(signal: AbortSignal): Promise<void>;
}

/** Watches the source of the function named `source`; `what` names it in the log. */
export function createOutage(log: Log, source: string, what: string): Outage {
  let failures = 0;
  return {
    failed(error) {
      failures++;
      if (failures === 1) log.write('warning', source, `${what} is not reachable, trying again: ${messageOf(error)}`);
    },
    recovered() {
      if (failures > 0) log.write('information', source, `${what} is reachable again.`);
      failures = 0;
    },
    async backOff(signal) {
      const waitMs = Math.min(firstWaitMs * 2 ** Math.max(0, failures - 1), longestWaitMs);
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    },
  };
}
