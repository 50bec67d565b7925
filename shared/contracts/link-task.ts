import { createHash } from 'node:crypto';
import { z } from 'zod';
import { logicalNameSchema } from './unification-setup.ts';

export const runIdSchema = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hexadecimal digits');

/** Beyond any that a run comes to, and far below what a number can hold. */
const mostSteps = 1_000_000;
const steps = z.number().int().nonnegative().max(mostSteps);

/**
 * The message on queue `link-tasks`: "this run wants this table linked". What is next to do stands in the table's
 * link state, not here; the numbers only tell one message of a task from another.
 */
export const linkTaskSchema = z.object({
  schema: z.literal('backstamp.link-task/1'),
  runId: runIdSchema,
  table: logicalNameSchema,
  /** 0 for the run's first pass over the table, then one more with each follow-up pass. */
  followUp: steps,
  /** 0 for a pass's first slice, then one more with each continuation. */
  slice: steps,
  /** How often in a row the work could not be done because a service was unavailable. */
  failures: steps,
  /** Of a follow-up: when it is to look again. */
  dueAt: z.iso.datetime().optional(),
  /** The broker gave it up before anybody began to work on it, and it was sent once more. */
  isSentAgain: z.literal(true).optional(),
});
export type LinkTask = z.infer<typeof linkTaskSchema>;

export const firstLinkTask = (runId: string, table: string): LinkTask => ({
  schema: 'backstamp.link-task/1',
  runId,
  table,
  followUp: 0,
  slice: 0,
  failures: 0,
});

/** Longest message id that Service Bus takes, in characters. */
const maxIdLength = 128;

/** Deterministic, so that a message sent twice within the duplicate window arrives once. */
export function linkTaskMessageId({ runId, table, followUp, slice, failures, isSentAgain }: LinkTask): string {
  const again = isSentAgain === true ? '.again' : '';
  const step = followUp + slice + failures === 0 && again === '' ? '' : `/${followUp}.${slice}.${failures}${again}`;
  const id = `${runId}/${table}${step}`;
  if (id.length <= maxIdLength) return id;
  // The step tells one message of a task from the next, so it is the name that is shortened.
  const digest = createHash('sha256').update(table).digest('hex').slice(0, 32);
  return `${runId}/${digest}${step}`;
}
