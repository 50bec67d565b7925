/** Service Bus messages in the wire form: the body, and the metadata by the names the extension gives them. */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { RegisteredFunction } from './app-registry.ts';
import { mergeBodyProperties } from './body-properties.ts';
import { traceContextOf } from './trace-context.ts';
import type { WireInt64, WireInvocation, WireValue } from './wire-types.ts';

/** The invocation for one message. */
export function singleMessageInvocation(fn: RegisteredFunction, message: ServiceBusReceivedMessage): WireInvocation {
  const bytes = bodyBytes(message);
  const metadata: Record<string, WireValue> = {};
  for (const [name, { read, wire }] of Object.entries(metadataFields)) {
    const value = read(message);
    if (value !== undefined && value !== null) metadata[name] = wire.one(value as never);
  }
  const properties = message.applicationProperties ?? {};
  return {
    inputData: [{ name: fn.triggerName, data: isBinary(fn) ? { bytes } : { string: toText(bytes) } }],
    triggerMetadata: isBinary(fn) ? metadata : mergeBodyProperties(metadata, toText(bytes)),
    // The host looks for `traceparent` first; the Service Bus libraries write `Diagnostic-Id`.
    traceContext: traceContextOf(properties.traceparent ?? properties['Diagnostic-Id'], properties.tracestate),
  };
}

/** The invocation for a batch: bodies in one array, each piece of metadata in an array of its own. */
export function batchInvocation(
  fn: RegisteredFunction,
  messages: readonly ServiceBusReceivedMessage[],
): WireInvocation {
  const bodies = messages.map(bodyBytes);
  const metadata: Record<string, WireValue> = {};
  for (const [name, { read, wire }] of Object.entries(metadataFields)) {
    metadata[`${name}Array`] = wire.many(messages.map(read) as never);
  }
  const data: WireValue = isBinary(fn)
    ? { collectionBytes: { bytes: bodies } }
    : { collectionString: { string: bodies.map(toText) } };
  // A batch has many callers: their traces can be linked, but none is its parent.
  return {
    inputData: [{ name: fn.triggerName, data }],
    triggerMetadata: metadata,
    traceContext: traceContextOf(undefined),
  };
}

interface Wire<T> {
  one(value: T): WireValue;
  many(values: readonly (T | undefined)[]): WireValue;
}

interface MetadataField {
  read(message: ServiceBusReceivedMessage): unknown;
  readonly wire: Wire<never>;
}

// Text travels as text (and is then tried as JSON by the library), 64-bit integers as such in arrays only, all else as JSON.
const text: Wire<string> = {
  one: (value) => ({ string: value }),
  many: (values) => ({ collectionString: { string: values.map((value) => value ?? '') } }),
};
const json: Wire<unknown> = {
  one: (value) => ({ json: JSON.stringify(value) }),
  many: (values) => ({ json: JSON.stringify(values) }),
};
const int64: Wire<bigint> = {
  one: (value) => ({ json: value.toString() }),
  many: (values) => ({ collectionSint64: { sint64: values.map((value) => splitInt64(value ?? 0n)) } }),
};

const field = <T>(wire: Wire<T>, read: (message: ServiceBusReceivedMessage) => T | undefined): MetadataField => ({
  read,
  wire,
});

const metadataFields: Readonly<Record<string, MetadataField>> = {
  // This library counts earlier deliveries, the extension this one too.
  DeliveryCount: field(json, (message) => (message.deliveryCount ?? 0) + 1),
  DeadLetterSource: field(text, (message) => message.deadLetterSource),
  LockToken: field(text, (message) => message.lockToken),
  ExpiresAtUtc: field(json, (message) => message.expiresAtUtc),
  EnqueuedTimeUtc: field(json, (message) => message.enqueuedTimeUtc),
  MessageId: field(text, (message) => (message.messageId === undefined ? undefined : String(message.messageId))),
  ContentType: field(text, (message) => message.contentType),
  ReplyTo: field(text, (message) => message.replyTo),
  SequenceNumber: field(int64, (message) => toBigInt(message.sequenceNumber)),
  To: field(text, (message) => message.to),
  Subject: field(text, (message) => message.subject),
  Label: field(text, (message) => message.subject),
  CorrelationId: field(text, (message) =>
    message.correlationId === undefined ? undefined : String(message.correlationId),
  ),
  ApplicationProperties: field(json, (message) => plainProperties(message)),
  UserProperties: field(json, (message) => plainProperties(message)),
  SessionId: field(text, (message) => message.sessionId),
  ReplyToSessionId: field(text, (message) => message.replyToSessionId),
  PartitionKey: field(text, (message) => message.partitionKey),
};

const toBigInt = (value: { toString(): string } | undefined): bigint | undefined =>
  value === undefined ? undefined : BigInt(value.toString());

const splitInt64 = (value: bigint): WireInt64 => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned: false,
});

function plainProperties(message: ServiceBusReceivedMessage): Record<string, unknown> {
  const entries = Object.entries(message.applicationProperties ?? {});
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('base64') : value]),
  );
}

/** A body sent as bytes as it is; one sent as an AMQP value (other than text) as its JSON. */
function bodyBytes(message: ServiceBusReceivedMessage): Buffer {
  const body: unknown = message.body;
  if (Buffer.isBuffer(body)) return body;
  if (body === undefined || body === null) return Buffer.alloc(0);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

// A byte order mark stays where it is, so JSON behind one arrives as text.
const toText = (bytes: Buffer): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const isBinary = (fn: RegisteredFunction): boolean => String(fn.trigger.dataType ?? '').toLowerCase() === 'binary';
