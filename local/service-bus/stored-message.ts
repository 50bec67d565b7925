import { randomUUID } from 'node:crypto';
import rhea, { type Typed } from 'rhea';
import {
  joinMessage,
  type MessageContent,
  readIds,
  splitMessage,
  type TypedMap,
  withMessageId,
} from './message-codec.ts';

/** A message on its way into a queue or a topic. */
export interface IncomingMessage {
  readonly content: MessageContent;
  readonly messageId: string;
  readonly sessionId: string | undefined;
  /** When the sender wants it enqueued; `undefined` is at once. */
  readonly scheduledForMs: number | undefined;
}

/** The claim of one receiver on one message. */
export interface MessageLock {
  /** The delivery tag, in hexadecimal; by it the receiver settles. */
  readonly token: string;
  untilMs: number;
  cancelExpiry: () => void;
}

/** A message as a queue keeps it. */
export interface StoredMessage extends IncomingMessage {
  content: MessageContent;
  readonly sequenceNumber: number;
  /** Its number in the topic that it was published to; in a queue its own. */
  readonly enqueuedSequenceNumber: number;
  readonly enqueuedAtMs: number;
  readonly expiresAtMs: number;
  state: 'active' | 'deferred' | 'scheduled';
  /** How many deliveries of it have failed. */
  deliveryCount: number;
  readonly deadLetterSource: string | undefined;
  lock: MessageLock | undefined;
  /** Stops the timer of its expiry or of its scheduled enqueueing. */
  cancelTimer: () => void;
}

const SCHEDULED_ENQUEUE_TIME = 'x-opt-scheduled-enqueue-time';

/**
 * Reads an encoded message. One without a message id is given one: the client cannot renew the lock of a message
 * that has none.
 *
 * @throws AmqpFault `amqp:decode-error` for bytes that are no message.
 */
export function readIncoming(bytes: Buffer): IncomingMessage {
  const content = splitMessage(bytes);
  const { messageId, sessionId } = readIds(content);
  const scheduled: unknown = content.annotations.get(SCHEDULED_ENQUEUE_TIME)?.value;
  const scheduledForMs = scheduled instanceof Date ? scheduled.getTime() : undefined;
  if (messageId !== undefined) return { content, messageId, sessionId, scheduledForMs };
  const givenId = randomUUID();
  return { content: withMessageId(content, givenId), messageId: givenId, sessionId, scheduledForMs };
}

/** A message that waits for its time; `cancelTimer` stops what is to happen then. */
export const scheduledMessage = (
  message: IncomingMessage,
  sequenceNumber: number,
  scheduledForMs: number,
  cancelTimer: () => void,
): StoredMessage => ({
  ...message,
  sequenceNumber,
  enqueuedSequenceNumber: sequenceNumber,
  enqueuedAtMs: scheduledForMs,
  expiresAtMs: Number.POSITIVE_INFINITY,
  state: 'scheduled',
  deliveryCount: 0,
  deadLetterSource: undefined,
  lock: undefined,
  cancelTimer,
});

const STATES = { active: 0, deferred: 1, scheduled: 2 } as const;

/** A message that was scheduled goes on saying so after it was enqueued, until it is deferred. */
const shownState = (message: StoredMessage): number =>
  message.state === 'active' && message.scheduledForMs !== undefined && message.deadLetterSource === undefined
    ? STATES.scheduled
    : STATES[message.state];

function brokerAnnotations(message: StoredMessage): TypedMap {
  const { types } = rhea;
  const annotations = new Map<string, Typed>([
    ['x-opt-enqueued-time', types.wrap_timestamp(message.enqueuedAtMs)],
    ['x-opt-sequence-number', types.wrap_long(message.sequenceNumber)],
    ['x-opt-enqueue-sequence-number', types.wrap_long(message.enqueuedSequenceNumber)],
    ['x-opt-message-state', types.wrap_int(shownState(message))],
  ]);
  if (message.lock) annotations.set('x-opt-locked-until', types.wrap_timestamp(message.lock.untilMs));
  if (message.deadLetterSource !== undefined) {
    annotations.set('x-opt-deadletter-source', types.wrap_string(message.deadLetterSource));
  }
  return annotations;
}

/** The bytes in which a receiver gets the message. The delivery count is always there: the client needs it. */
export const encodeForDelivery = (message: StoredMessage): Buffer =>
  joinMessage(message.content, message.deliveryCount, brokerAnnotations(message));
