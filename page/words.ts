import type { Counters } from '../shared/contracts/counters.ts';
import type { Mode, Status } from '../shared/contracts/status.ts';
import type { RowOutcome } from '../shared/state/row-outcomes.ts';

/** The words of the page: what the app calls something inside, as an administrator would say it. */

/** Every status, those first that want somebody's attention, with what it looks like; the word always stands beside it. */
const tones = {
  Failed: 'bad',
  'Completed with warnings': 'warn',
  Refreshing: 'busy',
  Queued: 'calm',
  Canceled: 'calm',
  Skipped: 'calm',
  Successful: 'good',
} as const satisfies Record<Status, string>;

export const statuses = Object.keys(tones) as Status[];
export const toneOf = (status: Status): string => tones[status];

/** How a summary names the tables of a status: `3 failed, 2 with warnings`. */
export const statusPhrases: Readonly<Record<Status, string>> = {
  Failed: 'failed',
  'Completed with warnings': 'with warnings',
  Refreshing: 'at work',
  Queued: 'queued',
  Canceled: 'canceled',
  Skipped: 'skipped',
  Successful: 'successful',
};

export const modeNames: Readonly<Record<Mode, string>> = {
  incremental: 'What changed',
  full: 'Full pass',
  reconcile: 'Reconcile',
  rehearsal: 'Rehearsal',
};

export const outcomeNames: Readonly<Record<RowOutcome['outcome'], string>> = {
  failed: 'failed',
  waiting: 'waiting for its profile',
  relinked: 'moved to another profile',
  cleared: 'link taken away',
  gone: 'no longer in the table',
  linked: 'linked',
  acrossUnits: 'across units',
  assigned: 'given another owner',
};

/** In the order in which they need attention. */
export const outcomes = Object.keys(outcomeNames) as RowOutcome['outcome'][];

/** What a task counts, in the order in which it is read. */
export const counterNames = {
  linking: {
    read: 'read from the map',
    linked: 'linked',
    relinked: 'moved to another profile',
    cleared: 'links taken away',
    unchanged: 'right already',
    waiting: 'waiting for their profile',
    failed: 'failed',
    gone: 'no longer in the table',
  },
  ownership: {
    read: 'read',
    assigned: 'given another owner',
    unchanged: 'right already',
    waiting: 'waiting for their profile',
    failed: 'failed',
    gone: 'no longer in the table',
  },
} as const satisfies Record<string, Partial<Record<keyof Counters, string>>>;
