import { createHash } from 'node:crypto';
import { z } from 'zod';
import { actorSchema } from './audit.ts';
import { modeSchema } from './status.ts';
import { logicalNameSchema } from './unification-setup.ts';

/** Longest id of an event, in characters. */
export const maxEventIdLength = 128;

export const eventIdSchema = z
  .string()
  .min(1)
  .max(maxEventIdLength)
  .refine((id) => id.trim() === id, 'must not begin or end with white space');
export const eventSourceSchema = z.string().min(1).max(2048);

/** The `source` of a run that somebody asked for: no unification stands behind it. */
export const operatorSource = 'operator';

/** Tables that one event may name. */
const mostTables = 1_000;

/** The message that every door leaves on queue `unification-events`. */
export const unificationEventSchema = z.object({
  schema: z.literal('backstamp.unification-event/1'),
  eventId: eventIdSchema,
  /** Where the signal came from: with the id it tells this event from every other. */
  source: eventSourceSchema,
  /** When the unification run completed, or was reported; ISO 8601. */
  occurredAt: z.iso.datetime({ offset: true }),
  mode: modeSchema,
  /** Only these source tables; all of them where absent. */
  tables: z.array(logicalNameSchema).min(1).max(mostTables).optional(),
  /** Who asked for the run, where somebody did. */
  startedBy: actorSchema.optional(),
  /** What an operator permits: clearing or moving more links than the safety limits allow, */
  beyondLimits: z.boolean().optional(),
  /** and giving owners as the last rehearsal showed them. */
  giveOwners: z.boolean().optional(),
  /** One word for both, from the version before. It permits clearing in mode `reconcile`, where nothing else was meant. */
  confirm: z.boolean().optional(),
  /** Holds that an operator confirmed, by their ids. */
  holds: z.array(z.string().min(1).max(64)).min(1).optional(),
});
export type UnificationEvent = z.infer<typeof unificationEventSchema>;

/** What tells an event from every other. */
export type EventIdentity = Pick<UnificationEvent, 'source' | 'eventId'>;

/** The message for an event of a door, which asks for nothing but an ordinary run. */
export const eventOf = ({ source, eventId }: EventIdentity, occurredAt: string): UnificationEvent => ({
  schema: 'backstamp.unification-event/1',
  eventId,
  source,
  occurredAt,
  mode: 'incremental',
});

/**
 * The run that answers an event, and the id of its message: the same source and id are the same run. Safe in keys and
 * addresses, whatever the event's id holds.
 */
export const runIdOf = ({ source, eventId }: EventIdentity): string =>
  createHash('sha256')
    .update(JSON.stringify([source, eventId]))
    .digest('hex')
    .slice(0, 32);

/**
 * The id of an event's message: a second copy within the queue's window arrives once. One that is sent again for later
 * is another message, or it would be taken for such a copy.
 */
export const eventMessageId = (event: EventIdentity, notBefore?: number): string =>
  notBefore === undefined ? runIdOf(event) : `${runIdOf(event)}@${notBefore}`;
