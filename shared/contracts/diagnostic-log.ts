import { z } from 'zod';
import { plausibleTime } from './event-time.ts';
import { asEventId } from './foreign-event.ts';
import { eventOf, type UnificationEvent } from './unification-event.ts';

/** A text that may be missing, null or of another type: then it says nothing. */
const text = z.string().min(1).optional().catch(undefined);

/** Properties of a workflow event; they come as an object, or as text that holds one. */
const propertiesSchema = z.looseObject({
  workflowJobId: text,
  identifier: text,
  instanceId: text,
  endTimestamp: z.unknown().optional(),
});

const recordSchema = z.looseObject({
  time: z.unknown().optional(),
  operationName: z.string(),
  resultType: text,
  properties: z.unknown().optional(),
});
type LogRecord = z.infer<typeof recordSchema>;

/** What a batch of the operational log says. */
export interface DiagnosticLogReading {
  /** Events to pass on. */
  readonly events: readonly UnificationEvent[];
  /** Records that nobody could read, each by what it is and why. */
  readonly unreadable: readonly string[];
}

/** Nested arrays of records beyond are no log of Azure Monitor. */
const deepest = 5;

/**
 * Reads what Customer Insights - Data exports through Azure Monitor: `{ "records": […] }`, or a record by itself, as an
 * object or as text. A successful `Merge.TaskCompleted` is a unification event; everything else is passed over.
 * @param now milliseconds; stands in for a missing time
 */
export function readDiagnosticLog(messages: readonly unknown[], now: number): DiagnosticLogReading {
  const events = new Map<string, UnificationEvent>();
  const unreadable: string[] = [];
  for (const record of messages.flatMap((message) => recordsIn(message))) {
    const parsed = recordSchema.safeParse(record);
    if (!parsed.success) {
      unreadable.push('a record without an operationName, or no JSON');
      continue;
    }
    // The casing of operation names varies from text to text, and so it may from service to service.
    const { operationName, resultType } = parsed.data;
    if (operationName.toLowerCase() !== 'merge.taskcompleted' || resultType?.toLowerCase() !== 'successful') continue;
    const event = readCompletion(parsed.data, now);
    if (event === undefined) unreadable.push(`Merge.TaskCompleted of ${timeOf(parsed.data)} without a workflowJobId`);
    else events.set(`${event.source} ${event.eventId}`, event);
  }
  return { events: [...events.values()], unreadable };
}

const timeOf = ({ time }: LogRecord): string => (typeof time === 'string' ? time.slice(0, 40) : 'an unknown time');

function recordsIn(message: unknown, depth = 0): unknown[] {
  const value = typeof message === 'string' ? fromJson(message) : message;
  if (Array.isArray(value)) return depth > deepest ? [undefined] : value.flatMap((item) => recordsIn(item, depth + 1));
  if (typeof value === 'object' && value !== null && 'records' in value && Array.isArray(value.records))
    return value.records;
  return [value];
}

function readCompletion(record: LogRecord, now: number): UnificationEvent | undefined {
  const { properties } = record;
  const read = propertiesSchema.safeParse(typeof properties === 'string' ? fromJson(properties) : properties).data;
  const { workflowJobId = '', identifier = '', instanceId, endTimestamp } = read ?? {};
  // The job and its task tell one completion from another; the log may repeat a record, and that is the same event.
  const eventId = asEventId([workflowJobId.trim(), identifier.trim()].filter(Boolean).join('.'));
  if (workflowJobId.trim() === '') return undefined;
  const source = `diagnostic-log${instanceId === undefined ? '' : `/${instanceId.slice(0, 100)}`}`;
  return eventOf({ eventId, source }, plausibleTime([endTimestamp, record.time], now));
}

function fromJson(given: string): unknown {
  try {
    // A byte order mark may stand before the text.
    return JSON.parse(given.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
