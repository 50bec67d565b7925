import { randomBytes } from 'node:crypto';
import { faults } from './amqp-fault.ts';
import type { SessionTable } from './session-table.ts';
import type { StoredMessage } from './stored-message.ts';
import type { Timeline } from './timeline.ts';

/** What the locks need of their queue. */
export interface MessageLocksOptions {
  readonly timeline: Timeline;
  readonly lockDurationMs: () => number;
  /** Where the queue has sessions, the session's lock covers the message. */
  readonly sessions: SessionTable | undefined;
  /** A single message's lock ran out. */
  readonly expired: (message: StoredMessage) => void;
}

/** The messages of one queue that receivers hold, by lock token. */
export class MessageLocks {
  readonly #options: MessageLocksOptions;
  readonly #held = new Map<string, StoredMessage>();

  constructor(options: MessageLocksOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Locks a message under a new token, which becomes its delivery tag. */
  lock(message: StoredMessage): void {
    const { sessions } = this.#options;
    const token = randomBytes(16).toString('hex');
    if (sessions && message.sessionId !== undefined) {
      message.lock = sessions.lockFor(message.sessionId, message, token);
    } else {
      message.lock = { token, untilMs: 0, cancelExpiry: () => {} };
      this.#arm(message);
    }
    this.#held.set(token, message);
  }

  /** Ends a message's lock, if it has one. */
  unlock(message: StoredMessage): void {
    if (!message.lock) return;
    message.lock.cancelExpiry();
    this.#held.delete(message.lock.token);
    message.lock = undefined;
  }

  /** @throws AmqpFault `com.microsoft:message-lock-lost` where no message is held under this token. */
  get(token: string): StoredMessage {
    const message = this.#held.get(token);
    if (!message) throw faults.messageLockLost();
    return message;
  }

  /** Every held message, or those with one message id. */
  all(messageId: string | undefined): StoredMessage[] {
    return [...this.#held.values()].filter((message) => messageId === undefined || message.messageId === messageId);
  }

  /**
   * Prolongs locks: all of them, or none. Answers their new ends, in epoch milliseconds.
   *
   * @throws AmqpFault `com.microsoft:message-lock-lost` where one is gone, or is its session's to prolong.
   */
  renew(tokens: readonly string[]): number[] {
    if (this.#options.sessions) throw faults.messageLockLost();
    const messages = tokens.map((token) => this.get(token));
    return messages.map((message) => this.#arm(message));
  }

  #arm(message: StoredMessage): number {
    const { lock } = message;
    if (!lock) throw faults.messageLockLost();
    lock.cancelExpiry();
    lock.untilMs = Date.now() + this.#options.lockDurationMs();
    lock.cancelExpiry = this.#options.timeline.at(lock.untilMs, () => this.#options.expired(message));
    return lock.untilMs;
  }
}
