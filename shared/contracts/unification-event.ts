import { createHash } from 'node:crypto';
import { z } from 'zod';
import { modeSchema } from './status.ts';
import { logicalNameSchema } from './unification-setup.ts';

/** Longest id that Service Bus takes as a message id, in characters. */
const maxIdLength = 128;

const eventIdSchema = z
  .string()
  .min(1)
  .max(maxIdLength)
  .refine((id) => id.trim() === id, 'must not begin or end with white space');

/** The `source` of a run that somebody asked for: no unification stands behind it. */
export const operatorSource = 'operator';

/** The message that every door leaves on queue `unification-events`; its message id is the event's id. */
export const unificationEventSchema = z.object({
  schema: z.literal('backstamp.unification-event/1'),
  eventId: eventIdSchema,
  /** Where the signal came from; for people. */
  source: z.string().max(2048),
  /** When the unification run completed, or was reported; ISO 8601. */
  occurredAt: z.iso.datetime({ offset: true }),
  mode: modeSchema,
  /** Only these source tables; all of them where absent. */
  tables: z.array(logicalNameSchema).min(1).optional(),
  /** An operator confirmed what a safety limit had stopped. */
  confirm: z.boolean().optional(),
});
export type UnificationEvent = z.infer<typeof unificationEventSchema>;

/** The CloudEvents type of a completed unification run. */
export const unificationCompletedType = 'Backstamp.UnificationCompleted';

/** A CloudEvents 1.0 event in structured mode, as Event Grid delivers it. Extension attributes may stand beside. */
export const cloudEventSchema = z.looseObject({
  specversion: z.literal('1.0', 'must be "1.0", the version of CloudEvents that is understood here'),
  id: eventIdSchema,
  source: z.string().min(1).max(2048),
  type: z.literal(unificationCompletedType, `must be "${unificationCompletedType}"`),
  time: z.iso.datetime({ offset: true }).optional(),
  subject: z.string().min(1).optional(),
  datacontenttype: z.string().min(1).optional(),
  data: z.looseObject({}).optional(),
});

/**
 * What a flow posts when its connector's trigger "a refresh of the unification process is completed" fires.
 * The trigger's own payload is undocumented, so anything may stand beside these.
 */
export const plainEventSchema = z.looseObject({
  schema: z
    .literal('backstamp.unification-event/1', 'must be "backstamp.unification-event/1", or be left out')
    .optional(),
  /** What tells this completion from every other: the flow's run name, say. */
  eventId: eventIdSchema,
  completedAt: z.iso.datetime({ offset: true }).optional(),
  source: z.string().min(1).max(2048).optional(),
});

/**
 * Reads any accepted form (our own message, a CloudEvent, the plain body) into the one message.
 * `now` in milliseconds stands in for a missing time.
 */
export function parseUnificationEvent(body: unknown, now: number): z.ZodSafeParseResult<UnificationEvent> {
  const isCloudEvent = typeof body === 'object' && body !== null && 'specversion' in body;
  const isOwnMessage = typeof body === 'object' && body !== null && 'schema' in body && 'mode' in body;
  if (isOwnMessage && !isCloudEvent) return unificationEventSchema.safeParse(body);
  const reportedAt = new Date(now).toISOString();
  const schema = isCloudEvent
    ? cloudEventSchema.transform(
        (event): UnificationEvent => ({
          schema: 'backstamp.unification-event/1',
          eventId: event.id,
          source: event.source,
          occurredAt: event.time ?? reportedAt,
          mode: 'incremental',
        }),
      )
    : plainEventSchema.transform(
        (event): UnificationEvent => ({
          schema: 'backstamp.unification-event/1',
          eventId: event.eventId,
          source: event.source ?? 'flow',
          occurredAt: event.completedAt ?? reportedAt,
          mode: 'incremental',
        }),
      );
  return schema.safeParse(body);
}

/** The run that answers an event: the same event is the same run, and the id is safe in keys and addresses. */
export const runIdOf = (eventId: string): string => createHash('sha256').update(eventId).digest('hex').slice(0, 32);
