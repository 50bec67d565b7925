import type { FailureClass } from './classify.ts';
import type { retries } from './limits.ts';
import type { Refusal } from './service-failure.ts';

export type RetryKind = keyof typeof retries;

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
const saysAll: ReadonlySet<FailureClass> = new Set(['expired', 'duplicate']);

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
  if (rows > 0 || isPersonal || saysAll.has(failureClass)) return 'never';
  return isWrite ? 'refusedWrite' : 'refused';
}
