import type { FailureClass } from './classify.ts';
import type { Refusal } from './service-failure.ts';

/** How often, and after what pause (milliseconds, by attempt from 0), a failure is met with the same request again. */
export interface Patience {
  readonly attempts: number;
  pauseMs(attempt: number): number;
}

const jitter = (ms: number): number => ms * (0.75 + Math.random() / 2);

const PASSING: Patience = { attempts: 6, pauseMs: (attempt) => Math.min(30_000, jitter(500 * 2 ** attempt)) };

export const PATIENCE = {
  transient: PASSING,
  // Whatever a read is refused for: the recorded refusals of each kind include some that passed.
  refused: PASSING,
  // Rows are divided next, so that one of them cannot hold up the others for long; a definition is told of.
  refusedWrite: { attempts: 3, pauseMs: (attempt) => jitter(500 * 2 ** attempt) },
  bulkRace: { attempts: 3, pauseMs: (attempt) => jitter(500 * 2 ** attempt) },
  schemaLag: { attempts: 8, pauseMs: () => 5_000 },
  // Another customization may hold the lock for minutes while an app is installed.
  customizationLock: { attempts: 20, pauseMs: (attempt) => jitter(Math.min(30_000, 5_000 * 1.5 ** attempt)) },
  // The pause is the Retry-After; this one is for an answer without.
  throttle: { attempts: 12, pauseMs: (attempt) => Math.min(60_000, jitter(1_000 * 2 ** attempt)) },
} satisfies Record<string, Patience>;

export type RetryKind = keyof typeof PATIENCE;

/** What is asked, as far as it decides how a refusal is met. */
export interface Asked {
  /** Rows that the request writes; 0 for any other request. Who sends rows divides them when they are refused. */
  readonly rows: number;
  /** It changes something. */
  readonly isWrite: boolean;
  /** What comes of it decides about more rows than its own: it is worth more patience. */
  readonly isDecisive: boolean;
  /** The schema behind it has just changed. */
  readonly lagging: boolean;
  /** Somebody waits for the answer, in whose name it is asked. */
  readonly isPersonal: boolean;
  /** The identity has done this before: it lacks no right to. */
  readonly isProven: boolean;
}

/** Answers that say what is asked for: the same request again would be told the same. */
const SAYS_ALL: ReadonlySet<FailureClass> = new Set(['expired', 'duplicate']);

/**
 * What to do about a refusal: the same again with patience, another identity (`identity`), a fresh token
 * (`unauthorized`), or nothing (`never`).
 */
export function meet(refusal: Refusal, asked: Asked): RetryKind | 'identity' | 'unauthorized' | 'never' {
  const { failureClass, isService } = refusal;
  const { rows, isWrite, isDecisive, lagging, isPersonal, isProven } = asked;
  switch (failureClass) {
    case 'throttle':
    case 'customizationLock':
    case 'unauthorized':
      return failureClass;
    case 'identityRefused':
    case 'privilege':
      // A write by one who has written here before: it is something that these rows set off that lacks the right.
      return rows > 0 && isProven ? 'never' : 'identity';
    case 'bulkRace':
      return rows > 0 ? 'bulkRace' : 'transient';
    case 'schemaLag':
      if (lagging) return 'schemaLag';
      break;
    case 'tooLarge':
      if (rows > 1) return 'never';
      return rows > 0 && isService ? 'refusedWrite' : 'transient';
    case 'transient':
      return rows > 0 && !isDecisive ? 'refusedWrite' : 'transient';
    case 'organisation':
      if (rows > 0) return 'refusedWrite';
      break;
    default:
      break;
  }
  if (rows > 0 || isPersonal || SAYS_ALL.has(failureClass)) return 'never';
  return isWrite ? 'refusedWrite' : 'refused';
}
