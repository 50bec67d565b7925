import { z } from 'zod';

const count = z.number().int().nonnegative();

/** What became of a task's rows; each count is in rows. */
export const countersSchema = z.object({
  /** Map rows of this table that were read. */
  read: count,
  /** Rows that had no link and got one. */
  linked: count,
  /** Rows whose link was moved to another profile. */
  relinked: count,
  /** Rows whose link was taken away: the map no longer gives them a profile. */
  cleared: count,
  /** Rows whose link was right already. */
  unchanged: count,
  /** Rows whose profile has not arrived in Dataverse yet. */
  waiting: count,
  /** Rows that could not be written, or map rows that name no usable key. */
  failed: count,
  /** Rows that the map names and the table no longer has. */
  gone: count,
  /** Rows that were given another owner; only tasks that see to owners count them. */
  assigned: count.optional(),
});
export type Counters = z.infer<typeof countersSchema>;
export type Outcome = keyof Omit<Counters, 'read'>;

export const noRows: Counters = Object.freeze({
  read: 0,
  linked: 0,
  relinked: 0,
  cleared: 0,
  unchanged: 0,
  waiting: 0,
  failed: 0,
  gone: 0,
});

export const addCounters = (a: Counters, b: Counters): Counters => ({
  read: a.read + b.read,
  linked: a.linked + b.linked,
  relinked: a.relinked + b.relinked,
  cleared: a.cleared + b.cleared,
  unchanged: a.unchanged + b.unchanged,
  waiting: a.waiting + b.waiting,
  failed: a.failed + b.failed,
  gone: a.gone + b.gone,
  ...(a.assigned === undefined && b.assigned === undefined ? {} : { assigned: (a.assigned ?? 0) + (b.assigned ?? 0) }),
});

export { changedRows } from './changed-rows.ts';
