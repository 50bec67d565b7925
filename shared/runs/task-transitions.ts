import type { Status } from '../contracts/status.ts';

/** What may happen to a task. */
export const taskEvents = [
  /** A pass of its own begins, or goes on. */
  'work begins',
  /** Progress, an interruption, a follow-up on its way: something to tell, and no more. */
  'note',
  'all is linked',
  'linked with warnings',
  'a requirement fails',
  'cannot go on',
  'canceled',
] as const;
export type TaskEvent = (typeof taskEvents)[number];

const from = (status: 'Queued' | 'Refreshing'): Record<TaskEvent, Status> => ({
  'work begins': 'Refreshing',
  note: status,
  'all is linked': 'Successful',
  'linked with warnings': 'Completed with warnings',
  'a requirement fails': 'Skipped',
  'cannot go on': 'Failed',
  canceled: 'Canceled',
});

/** An end is an end, whatever comes late. */
const forGood = (status: Status): Record<TaskEvent, Status> => ({
  'work begins': status,
  note: status,
  'all is linked': status,
  'linked with warnings': status,
  'a requirement fails': status,
  'cannot go on': status,
  canceled: status,
});

/** The status that follows, for every status and everything that may happen: the only way a task's status changes. */
export const taskTransitions: Record<Status, Record<TaskEvent, Status>> = {
  Queued: from('Queued'),
  Refreshing: from('Refreshing'),
  Successful: forGood('Successful'),
  'Completed with warnings': forGood('Completed with warnings'),
  Skipped: forGood('Skipped'),
  Failed: forGood('Failed'),
  Canceled: forGood('Canceled'),
};
