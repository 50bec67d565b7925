import rhea from 'rhea';
import { faults, toFault } from './amqp-fault.ts';
import { readDeadLetterInfo } from './delivering-link.ts';
import type { FaultPlan } from './fault-plan.ts';
import { swapGuidOrder } from './lock-token.ts';
import type { Call, Result } from './management-call.ts';
import { typedMapOf } from './message-codec.ts';
import { MessageQueue } from './message-queue.ts';
import { MAX_MESSAGE_SIZE } from './receiving-link.ts';
import type { BrokerReply, BrokerRequest } from './request-link.ts';
import {
  asBody,
  type RequestBody,
  readList,
  readNumber,
  readNumbers,
  readOptionalBytes,
  readOptionalText,
  readText,
  readUuids,
} from './request-values.ts';
import { ruleOperations } from './rule-operations.ts';
import type { SessionTable } from './session-table.ts';
import { encodeForDelivery, readIncoming } from './stored-message.ts';
import { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';

/** Type codes of the elements of AMQP arrays. */
const LONG = 0x81;
const TIMESTAMP = 0x83;

const RECEIVE_AND_DELETE = 0;

const { types } = rhea;

const tokensOf = (body: RequestBody): string[] =>
  readUuids(body, 'lock-tokens').map((uuid) => swapGuidOrder(uuid).toString('hex'));

/** What can be asked of a topic as well as of a queue. */
const commonOperations: Record<string, (entity: MessageQueue | Topic, call: Call) => Result> = {
  'schedule-message': (entity, { body }) => {
    const messages = readList(body, 'messages').map((each) => {
      const bytes = readOptionalBytes(asBody(each), 'message');
      if (!bytes) throw faults.invalidField("Each of the request's 'messages' must hold a 'message'.");
      if (bytes.length > MAX_MESSAGE_SIZE) throw faults.messageTooLarge(bytes.length, MAX_MESSAGE_SIZE);
      return readIncoming(bytes);
    });
    for (const message of messages) entity.check(message);
    const numbers = messages.map((message) => entity.enqueue(message));
    return { 'sequence-numbers': types.wrap_array(numbers, LONG, undefined) };
  },
  'cancel-scheduled-message': (entity, { body }) => {
    entity.cancelScheduled(readNumbers(body, 'sequence-numbers'));
    return {};
  },
  'peek-message': (entity, { body }) => {
    const from = readNumber(body, 'from-sequence-number');
    const found = entity.peek(from, readNumber(body, 'message-count'), readOptionalText(body, 'session-id'));
    if (found.length === 0) return undefined;
    return { messages: found.map((message) => ({ message: types.wrap_binary(encodeForDelivery(message)) })) };
  },
};

const queueOperations: Record<string, (queue: MessageQueue, call: Call) => Result> = {
  'renew-lock': (queue, { body }) => ({
    expirations: types.wrap_array(queue.renewLocks(tokensOf(body)), TIMESTAMP, undefined),
  }),
  'update-disposition': (queue, call) => {
    for (const token of tokensOf(call.body)) updateDisposition(queue, token, call);
    return {};
  },
  'receive-by-sequence-number': (queue, { body, linkName }) => {
    const sessionId = readOptionalText(body, 'session-id');
    if (queue.sessions && sessionId !== undefined) queue.sessions.assertHeld(sessionId, linkName);
    const mode = readNumber(body, 'receiver-settle-mode') === RECEIVE_AND_DELETE ? 'delete' : 'lock';
    const found = queue.takeDeferred(readNumbers(body, 'sequence-numbers'), mode, sessionId);
    return {
      messages: found.map((message) => ({
        message: types.wrap_binary(encodeForDelivery(message)),
        ...(message.lock && {
          'lock-token': types.wrap_uuid(swapGuidOrder(Buffer.from(message.lock.token, 'hex'))),
        }),
      })),
    };
  },
  'renew-session-lock': (queue, { body, linkName }) => {
    const untilMs = sessionsOf(queue).renew(readText(body, 'session-id'), linkName);
    return { expiration: types.wrap_timestamp(untilMs) };
  },
  'get-session-state': (queue, { body, linkName }) => {
    const state = sessionsOf(queue).state(readText(body, 'session-id'), linkName);
    return { 'session-state': state ? types.wrap_binary(state) : null };
  },
  'set-session-state': (queue, { body, linkName }) => {
    const state = readOptionalBytes(body, 'session-state');
    sessionsOf(queue).setState(readText(body, 'session-id'), linkName, state);
    return {};
  },
};

function updateDisposition(queue: MessageQueue, token: string, { body, typedBody }: Call): void {
  const status = readText(body, 'disposition-status');
  const properties = typedMapOf(typedBody.get('properties-to-modify'));
  switch (status) {
    case 'completed':
      queue.complete(token);
      return;
    case 'abandoned':
      queue.abandon(token, properties);
      return;
    // The protocol's own spelling.
    case 'defered':
      queue.defer(token, properties);
      return;
    case 'suspended': {
      const { properties: added } = readDeadLetterInfo(properties);
      const reason = readOptionalText(body, 'deadletter-reason');
      queue.deadLetter(token, reason, readOptionalText(body, 'deadletter-description'), added);
      return;
    }
    default:
      throw faults.invalidField(`The disposition status '${status}' is unknown.`);
  }
}

function sessionsOf(queue: MessageQueue): SessionTable {
  if (!queue.sessions) throw faults.notAllowed(`'${queue.name}' does not have sessions.`);
  return queue.sessions;
}

function perform(entity: MessageQueue | Topic, operation: string, call: Call): Result {
  const name = operation.replace(/^com\.microsoft:/, '');
  const common = commonOperations[name];
  if (common) return common(entity, call);
  const ofQueue = queueOperations[name];
  if (ofQueue && entity instanceof MessageQueue) return ofQueue(entity, call);
  const ofRules = ruleOperations[name];
  if (ofRules && entity instanceof Subscription) return ofRules(entity, call);
  throw faults.notImplemented(operation);
}

/** Answers one request to an entity's `$management`; every failure becomes a status and an error condition. */
export function answerManagement(
  entity: MessageQueue | Topic,
  { properties, body, typedBody }: BrokerRequest,
  { faultPlan, host }: { readonly faultPlan: FaultPlan; readonly host: string },
): BrokerReply {
  const associated = properties['associated-link-name'];
  const linkName = typeof associated === 'string' ? associated : undefined;
  const call = { body: asBody(body), typedBody, host, linkName };
  try {
    if (faultPlan.takeServerBusy(entity.name)) throw faults.serverBusy();
    const result = perform(entity, String(properties.operation), call);
    if (!result) {
      return {
        properties: {
          statusCode: types.wrap_int(204),
          statusDescription: 'No content',
          errorCondition: types.wrap_symbol('com.microsoft:message-not-found'),
        },
        body: {},
      };
    }
    return { properties: { statusCode: types.wrap_int(200), statusDescription: 'OK' }, body: result };
  } catch (thrown) {
    const fault = toFault(thrown);
    return {
      properties: {
        statusCode: types.wrap_int(fault.statusCode),
        statusDescription: fault.message,
        errorCondition: types.wrap_symbol(fault.condition),
      },
    };
  }
}
