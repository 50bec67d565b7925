import { createHash } from 'node:crypto';
import { z } from 'zod';
import { plausibleTime } from './event-time.ts';
import {
  type EventIdentity,
  eventIdSchema,
  eventOf,
  eventSourceSchema,
  maxEventIdLength,
  type UnificationEvent,
  unificationEventSchema,
} from './unification-event.ts';

/*
 * The forms in which others tell that a unification run completed, each read into the one message. What identifies the
 * event must be there; whatever else is absent, null or odd costs nothing.
 */

/** The CloudEvents type of a completed unification run. */
export const unificationCompletedType = 'Backstamp.UnificationCompleted';

/** A CloudEvents 1.0 event in structured mode, as Event Grid delivers it. Every other attribute may stand beside. */
export const cloudEventSchema = z.looseObject({
  specversion: z.literal('1.0', 'must be "1.0", the version of CloudEvents that is understood here'),
  id: eventIdSchema,
  source: eventSourceSchema,
  type: z.literal(unificationCompletedType, `must be "${unificationCompletedType}"`),
  time: z.unknown().optional(),
});

/**
 * What a flow posts when its connector's trigger "a refresh of the unification process is completed" fires.
 * The trigger's own payload is undocumented, so anything may stand beside these.
 */
export const plainEventSchema = z.looseObject({
  schema: z
    .literal('backstamp.unification-event/1', 'must be "backstamp.unification-event/1", or be left out')
    .nullish(),
  /** What tells this completion from every other: the flow's run name, say. */
  eventId: eventIdSchema,
  completedAt: z.unknown().optional(),
  source: eventSourceSchema.nullish(),
});

/** What an Azure Monitor alert says in its common schema. */
const alertSchema = z.looseObject({
  schemaId: z.literal('azureMonitorCommonAlertSchema'),
  data: z.looseObject({
    essentials: z.looseObject({
      alertId: z.string().optional(),
      originAlertId: z.string().optional(),
      firedDateTime: z.string().optional(),
      monitorCondition: z
        .literal('Fired', 'must be "Fired": an alert that is resolved says nothing of a unification run')
        .optional(),
    }),
  }),
});

/** What Dataverse posts to a webhook: the context of an operation. */
const webhookSchema = z.looseObject({
  MessageName: z.string(),
  OperationId: z.string().optional(),
  CorrelationId: z.string().optional(),
  OperationCreatedOn: z.unknown().optional(),
});

/** Members by which a connector's body may name the completed run, the most telling first. */
const connectorIds = ['workflowJobId', 'jobId', 'runId', 'refreshId', 'operationId', 'id'] as const;

const emptyGuid = '00000000-0000-0000-0000-000000000000';
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a door knows of an event besides its body. */
export interface Delivery {
  /** Milliseconds since 1970; stands in for a time that is missing. */
  readonly now: number;
  /** Id of the flow run that posts the event, where the sender told it in its headers. */
  readonly flowRunId?: string | undefined;
}

/** Reads any accepted form (our own message, a CloudEvent, a flow's, connector's, webhook's or alert's body). */
export function parseUnificationEvent(body: unknown, delivery: Delivery): z.ZodSafeParseResult<UnificationEvent> {
  if (isObject(body) && isCloudEvent(body)) return parseCloudEvent(body, delivery);
  if (isObject(body) && body.schema != null && body.mode != null) return unificationEventSchema.safeParse(body);
  if (isObject(body) && body.schemaId === 'azureMonitorCommonAlertSchema') return parseAlert(body, delivery);
  const { now } = delivery;
  const given = isObject(body) && body.eventId == null ? { ...body, ...derivedIdentity(body, delivery) } : body;
  return plainEventSchema
    .transform(({ eventId, source, completedAt, OperationCreatedOn }) =>
      eventOf({ eventId, source: source ?? 'flow' }, plausibleTime([completedAt, OperationCreatedOn], now)),
    )
    .safeParse(given);
}

/** A body that is meant as a CloudEvent, though its version may be missing. */
const isCloudEvent = ({ specversion, type, source, eventId }: Record<string, unknown>): boolean =>
  specversion != null || (typeof type === 'string' && typeof source === 'string' && eventId == null);

/** The format calls a null attribute an absent one. */
function parseCloudEvent(body: object, { now }: Delivery): z.ZodSafeParseResult<UnificationEvent> {
  return cloudEventSchema
    .transform(({ id, source, time }) => eventOf({ eventId: id, source }, plausibleTime([time], now)))
    .safeParse(Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)));
}

function parseAlert(body: object, { now }: Delivery): z.ZodSafeParseResult<UnificationEvent> {
  return alertSchema
    .transform(({ data: { essentials } }) => {
      const { alertId, originAlertId, firedDateTime } = essentials;
      const parts = [originAlertId ?? alertId, firedDateTime].filter((part) => part !== undefined);
      return eventOf({ eventId: asEventId(parts.join('@')), source: 'alert' }, plausibleTime([firedDateTime], now));
    })
    .pipe(unificationEventSchema)
    .safeParse(body);
}

/** The identity of an event whose body has no `eventId`, as far as another member or the sender's headers tell it. */
function derivedIdentity(body: Record<string, unknown>, { flowRunId }: Delivery): Partial<EventIdentity> {
  const webhook = webhookSchema.safeParse(body).data;
  const id = [webhook?.OperationId, webhook?.CorrelationId].find((candidate) => isId(candidate));
  if (isId(id)) return { eventId: asEventId(id), source: 'dataverse-webhook' };
  const named = connectorIds.map((name) => body[name]).find(isId);
  if (named !== undefined) return { eventId: asEventId(named) };
  return isId(flowRunId) ? { eventId: asEventId(flowRunId) } : {};
}

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.trim() !== emptyGuid;

/** A text as the id of an event: one that is too long is told by its hash, never cut, since two would then be one. */
export function asEventId(text: string): string {
  const id = text.trim();
  return id.length <= maxEventIdLength ? id : createHash('sha256').update(id).digest('hex');
}
