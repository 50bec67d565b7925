/**
 * A refusal in the words of Service Bus: an AMQP error condition, by which the client SDK chooses the error code that
 * user code sees, and the HTTP-like status that management answers carry.
 */
export class AmqpFault extends Error {
  override name = 'AmqpFault';
  readonly condition: string;
  readonly statusCode: number;

  constructor(condition: string, statusCode: number, description: string) {
    super(description);
    this.condition = condition;
    this.statusCode = statusCode;
  }

  /** The error as link detaches and rejected outcomes carry it. */
  toAmqpError(): { condition: string; description: string } {
    return { condition: this.condition, description: this.message };
  }
}

/** Each refusal that the broker gives, by the situation it answers. */
export const faults = {
  /**
   * The text is load-bearing: clients tell a missing entity from other missing things by "could not be found".
   *
   * @param host where the client connected to, as it named it
   */
  entityNotFound: (host: string, address: string): AmqpFault =>
    new AmqpFault(
      'amqp:not-found',
      404,
      `The messaging entity 'sb://${host}/${address.replace(/^\/+/, '')}' could not be found.`,
    ),
  alreadyExists: (description: string): AmqpFault =>
    new AmqpFault('com.microsoft:entity-already-exists', 409, description),
  invalidArgument: (description: string): AmqpFault => new AmqpFault('com.microsoft:argument-error', 400, description),
  messageNotFound: (sequenceNumber: number): AmqpFault =>
    new AmqpFault(
      'com.microsoft:message-not-found',
      404,
      `No message with sequence number ${sequenceNumber} is available.`,
    ),
  messageLockLost: (): AmqpFault =>
    new AmqpFault(
      'com.microsoft:message-lock-lost',
      410,
      'The lock supplied is invalid: either it expired, or the message has already been settled.',
    ),
  sessionLockLost: (sessionId: string): AmqpFault =>
    new AmqpFault(
      'com.microsoft:session-lock-lost',
      410,
      `The lock on session '${sessionId}' was lost; accept the session again.`,
    ),
  sessionCannotBeLocked: (sessionId: string): AmqpFault =>
    new AmqpFault(
      'com.microsoft:session-cannot-be-locked',
      409,
      `Session '${sessionId}' is locked by another receiver.`,
    ),
  noSessionInTime: (): AmqpFault =>
    new AmqpFault('com.microsoft:timeout', 408, 'No session with messages became available in time.'),
  messageTooLarge: (size: number, limit: number): AmqpFault =>
    new AmqpFault(
      'amqp:link:message-size-exceeded',
      403,
      `The message has ${size} bytes; the limit of this link is ${limit} bytes.`,
    ),
  notAllowed: (description: string): AmqpFault => new AmqpFault('amqp:not-allowed', 400, description),
  notImplemented: (operation: string): AmqpFault =>
    new AmqpFault('amqp:not-implemented', 501, `The operation '${operation}' is not supported.`),
  noTransactions: (): AmqpFault =>
    new AmqpFault('amqp:not-implemented', 501, 'Transactions are not supported: send and settle without one.'),
  invalidField: (description: string): AmqpFault => new AmqpFault('amqp:invalid-field', 400, description),
  malformed: (description: string): AmqpFault => new AmqpFault('amqp:decode-error', 400, description),
  serverBusy: (): AmqpFault =>
    new AmqpFault('com.microsoft:server-busy', 503, 'The server is busy; wait a moment and try again.'),
  unauthorized: (): AmqpFault =>
    new AmqpFault('amqp:unauthorized-access', 401, 'The token was refused: unauthorized access.'),
  internal: (thrown: unknown): AmqpFault =>
    new AmqpFault('amqp:internal-error', 500, thrown instanceof Error ? thrown.message : String(thrown)),
};

/** Whatever was thrown, as a fault that can be put on the wire. */
export const toFault = (thrown: unknown): AmqpFault => (thrown instanceof AmqpFault ? thrown : faults.internal(thrown));
