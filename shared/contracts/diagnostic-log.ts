import { z } from 'zod';
import { type UnificationEvent, unificationEventSchema } from './unification-event.ts';

/** Properties of a workflow event; they come as an object, or as text that holds one. */
const propertiesSchema = z.looseObject({
  eventType: z.string().optional(),
  workflowJobId: z.string().optional(),
  identifier: z.string().optional(),
  instanceId: z.string().optional(),
  endTimestamp: z.string().optional(),
});

const recordSchema = z.looseObject({
  time: z.string().optional(),
  operationName: z.string(),
  resultType: z.string().optional(),
  properties: z.unknown(),
});

/** What a batch of the operational log says: events to pass on, and how many records nobody could read. */
export interface DiagnosticLogReading {
  readonly events: readonly UnificationEvent[];
  readonly unreadable: number;
}

/**
 * Reads what Customer Insights - Data exports through Azure Monitor: `{ "records": […] }`, or a record by itself, as an
 * object or as text. A successful `Merge.TaskCompleted` is a unification event; everything else is passed over.
 * @param now milliseconds; stands in for a missing time
 */
export function readDiagnosticLog(messages: readonly unknown[], now: number): DiagnosticLogReading {
  const events = new Map<string, UnificationEvent>();
  let unreadable = 0;
  for (const record of messages.flatMap(recordsIn)) {
    const parsed = recordSchema.safeParse(record);
    if (!parsed.success) {
      unreadable++;
      continue;
    }
    // The casing of operation names varies from text to text, and so it may from service to service.
    const { operationName, resultType } = parsed.data;
    if (operationName.toLowerCase() !== 'merge.taskcompleted' || resultType?.toLowerCase() !== 'successful') continue;
    const event = eventOf(parsed.data, now);
    if (event === undefined) unreadable++;
    else events.set(event.eventId, event);
  }
  return { events: [...events.values()], unreadable };
}

function recordsIn(message: unknown): unknown[] {
  const value = typeof message === 'string' ? fromJson(message) : message;
  if (Array.isArray(value)) return value.flatMap(recordsIn);
  if (typeof value === 'object' && value !== null && 'records' in value && Array.isArray(value.records))
    return value.records;
  return [value];
}

function eventOf(record: z.infer<typeof recordSchema>, now: number): UnificationEvent | undefined {
  const properties = propertiesSchema.safeParse(
    typeof record.properties === 'string' ? fromJson(record.properties) : record.properties,
  );
  const { workflowJobId, identifier, instanceId, endTimestamp } = properties.data ?? {};
  // The job and its task tell one completion from another; the log may repeat a record, and that is the same event.
  const eventId =
    workflowJobId === undefined ? undefined : [workflowJobId, identifier].filter(Boolean).join('.').slice(0, 128);
  const occurredAt = [endTimestamp, record.time].find((time) => time !== undefined && !Number.isNaN(Date.parse(time)));
  return unificationEventSchema.safeParse({
    schema: 'backstamp.unification-event/1',
    eventId,
    source: `diagnostic-log${instanceId === undefined ? '' : `/${instanceId}`}`,
    occurredAt: new Date(occurredAt === undefined ? now : Date.parse(occurredAt)).toISOString(),
    mode: 'incremental',
  }).data;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
