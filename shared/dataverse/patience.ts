import type { Refusal } from './service-failure.ts';

/** How often, and after what pause (milliseconds, by attempt from 0), a failure is met with the same request again. */
export interface Patience {
  readonly attempts: number;
  pauseMs(attempt: number): number;
}

const jitter = (ms: number): number => ms * (0.75 + Math.random() / 2);

export const PATIENCE = {
  transient: { attempts: 6, pauseMs: (attempt) => Math.min(30_000, jitter(500 * 2 ** attempt)) },
  bulkRace: { attempts: 3, pauseMs: (attempt) => jitter(500 * 2 ** attempt) },
  schemaLag: { attempts: 8, pauseMs: () => 5_000 },
  // Another customization may hold the lock for minutes while an app is installed.
  customizationLock: { attempts: 20, pauseMs: (attempt) => jitter(Math.min(30_000, 5_000 * 1.5 ** attempt)) },
  // The pause is the Retry-After; this one is for an answer without.
  throttle: { attempts: 12, pauseMs: (attempt) => Math.min(60_000, jitter(1_000 * 2 ** attempt)) },
} satisfies Record<string, Patience>;

export type RetryKind = keyof typeof PATIENCE;

/**
 * What to do about a refusal: the same again with patience, another identity (`identity`), a fresh token
 * (`unauthorized`), or nothing (`never`).
 * @param rows rows the request writes: where it is too large, the one who sent it divides it
 * @param lagging whether the schema behind it has just changed
 */
export function meet(
  { failureClass }: Refusal,
  { rows = 0, lagging }: { readonly rows?: number | undefined; readonly lagging: boolean },
): RetryKind | 'identity' | 'unauthorized' | 'never' {
  switch (failureClass) {
    case 'throttle':
    case 'transient':
    case 'bulkRace':
    case 'customizationLock':
    case 'unauthorized':
      return failureClass;
    case 'identityRefused':
    case 'privilege':
      return 'identity';
    case 'schemaLag':
      return lagging ? 'schemaLag' : 'never';
    case 'tooLarge':
      return rows > 1 ? 'never' : 'transient';
    default:
      return 'never';
  }
}
