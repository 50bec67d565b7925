import rhea from 'rhea';
import { faults } from './amqp-fault.ts';
import type { QueueSettings } from './config.ts';
import { DuplicateWindow } from './duplicate-window.ts';
import { ListenerRing, type QueueListener } from './listener-ring.ts';
import { type TypedMap, withApplicationProperties, withTimeToLive } from './message-codec.ts';
import { MessageLocks } from './message-locks.ts';
import { ReadyList } from './ready-list.ts';
import { type SessionLock, SessionTable } from './session-table.ts';
import { type IncomingMessage, type StoredMessage, scheduledMessage } from './stored-message.ts';
import type { Timeline } from './timeline.ts';

/*
 * A queue, a subscription, or the dead-letter queue of either. A message's way through it:
 *
 *   scheduled --time--> active --take--> locked --complete--> gone
 *                          ^                |--abandon, lock lost--> active, or dead-lettered at the last attempt
 *                          |                |--defer--> deferred --takeDeferred--> locked (deferred when put back)
 *   (put back: its place in the order is kept) |--dead-letter--> the dead-letter queue
 */

/** How many messages a queue holds, by what can be done with them. */
export interface QueueCounts {
  readonly active: number;
  readonly scheduled: number;
  readonly deferred: number;
  readonly deadLetter: number;
  /** Those of `active` and `deferred` that a receiver holds. */
  readonly locked: number;
  readonly sessions: number;
}

const NO_PROPERTIES: TypedMap = new Map();

/** One queue with its locks, sessions and timers; see the picture above. */
export class MessageQueue {
  readonly name: string;
  /** Absent in a dead-letter queue itself. */
  readonly deadLetters: MessageQueue | undefined;
  readonly sessions: SessionTable | undefined;
  settings: QueueSettings;

  readonly #timeline: Timeline;
  readonly #messages = new Map<number, StoredMessage>();
  readonly #ready = new ReadyList<StoredMessage>();
  readonly #locks: MessageLocks;
  readonly #listeners = new ListenerRing(() => this.#ready.size);
  #duplicates: DuplicateWindow;
  #lastSequenceNumber = 0;

  constructor(name: string, settings: QueueSettings, timeline: Timeline, kind: 'queue' | 'deadLetterQueue' = 'queue') {
    this.name = name;
    this.settings = settings;
    this.#timeline = timeline;
    this.#duplicates = new DuplicateWindow(settings.duplicateWindowMs);
    const lockDurationMs = (): number => this.settings.lockDurationMs;
    if (settings.requiresSession) {
      const putBack = (message: StoredMessage, deliveryFailed: boolean): void => this.#putBack(message, deliveryFailed);
      this.sessions = new SessionTable({ timeline, lockDurationMs, putBack });
    }
    this.#locks = new MessageLocks({
      timeline,
      lockDurationMs,
      sessions: this.sessions,
      expired: (message) => this.#putBack(message, true),
    });
    if (kind === 'deadLetterQueue') return;
    // A dead-letter queue has no sessions, and its messages live for ever.
    const always = { requiresSession: false, duplicateWindowMs: 0, defaultTimeToLiveMs: Number.POSITIVE_INFINITY };
    const deadLetterSettings = { ...settings, ...always };
    this.deadLetters = new MessageQueue(`${name}/$DeadLetterQueue`, deadLetterSettings, timeline, 'deadLetterQueue');
  }

  /** Changes everything but whether sessions are required, which is fixed when a queue is made. */
  configure(settings: QueueSettings): void {
    if (settings.duplicateWindowMs !== this.settings.duplicateWindowMs) {
      this.#duplicates = new DuplicateWindow(settings.duplicateWindowMs);
    }
    this.settings = settings;
    if (this.deadLetters) {
      const { lockDurationMs } = settings;
      this.deadLetters.settings = { ...this.deadLetters.settings, lockDurationMs };
    }
  }

  /**
   * Checks that this queue can take a message in; done for a whole batch before any of it is enqueued.
   *
   * @throws AmqpFault `amqp:not-allowed` for a message without a session id where sessions are required.
   */
  check(message: IncomingMessage): void {
    if (this.sessions && message.sessionId === undefined) {
      throw faults.notAllowed(`'${this.name}' requires sessions: set the message's session id.`);
    }
  }

  /**
   * Takes a message in, or drops it silently where its id is remembered.
   *
   * @param enqueuedSequenceNumber its number in its topic
   * @returns its sequence number here
   */
  enqueue(message: IncomingMessage, enqueuedSequenceNumber?: number): number {
    const now = Date.now();
    const sequenceNumber = ++this.#lastSequenceNumber;
    if (this.#duplicates.isDuplicate(message.messageId, now)) return sequenceNumber;
    if (message.scheduledForMs !== undefined && message.scheduledForMs > now)
      this.#schedule(message, sequenceNumber, message.scheduledForMs);
    else {
      const atOnce = { ...message, scheduledForMs: undefined };
      this.#activate(atOnce, sequenceNumber, now, enqueuedSequenceNumber ?? sequenceNumber);
    }
    return sequenceNumber;
  }

  /**
   * Takes back scheduled messages: all of them, or none.
   *
   * @throws AmqpFault `com.microsoft:message-not-found` where one is not, or no longer, scheduled.
   */
  cancelScheduled(sequenceNumbers: readonly number[]): void {
    const found = sequenceNumbers.map((sequenceNumber) => {
      const message = this.#messages.get(sequenceNumber);
      if (message?.state !== 'scheduled') throw faults.messageNotFound(sequenceNumber);
      return message;
    });
    for (const message of found) this.#remove(message);
  }

  /** Tells a link of messages until it is taken off again. Links take turns in being told first. */
  listen(listener: QueueListener): () => void {
    return this.#listeners.add(listener);
  }

  /** The next message, locked (peek-lock) or removed (receive-and-delete); `undefined` where there is none. */
  take(mode: 'lock' | 'delete', session?: SessionLock): StoredMessage | undefined {
    const now = Date.now();
    for (;;) {
      const message = session ? this.sessions?.takeFirst(session) : this.#ready.takeFirst();
      if (!message) return undefined;
      // The timer of its expiry may be late by a moment.
      if (message.expiresAtMs <= now) this.#expire(message);
      else return this.#deliver(message, mode);
    }
  }

  /**
   * Deferred messages by their numbers: all of them, or none.
   *
   * @throws AmqpFault `com.microsoft:message-not-found` where one is not deferred here, or is held by another.
   */
  takeDeferred(
    sequenceNumbers: readonly number[],
    mode: 'lock' | 'delete',
    sessionId: string | undefined,
  ): StoredMessage[] {
    const found = sequenceNumbers.map((sequenceNumber) => {
      const message = this.#messages.get(sequenceNumber);
      const isHere = message?.state === 'deferred' && !message.lock;
      if (!isHere || (this.sessions && message.sessionId !== sessionId)) throw faults.messageNotFound(sequenceNumber);
      return message;
    });
    return found.map((message) => this.#deliver(message, mode));
  }

  /** @throws AmqpFault `com.microsoft:message-lock-lost` where the lock is gone; so does every settlement. */
  complete(token: string): void {
    this.#remove(this.#locks.get(token));
  }

  /** Puts a message back for another attempt, or dead-letters it when that was the last one. */
  abandon(token: string, properties: TypedMap = NO_PROPERTIES): void {
    const message = this.#locks.get(token);
    message.content = withApplicationProperties(message.content, properties);
    this.#putBack(message, true);
  }

  /** Puts a message back as if it had not been delivered. */
  release(token: string): void {
    this.#putBack(this.#locks.get(token), false);
  }

  /** Sets a message aside, to be had by its sequence number only. */
  defer(token: string, properties: TypedMap = NO_PROPERTIES): void {
    const message = this.#locks.get(token);
    message.content = withApplicationProperties(message.content, properties);
    message.state = 'deferred';
    message.deliveryCount++;
    this.#locks.unlock(message);
    // Its lifetime may have ended while it was held.
    if (message.expiresAtMs <= Date.now()) this.#expire(message);
  }

  /** Moves a message to the dead-letter queue. */
  deadLetter(
    token: string,
    reason: string | undefined,
    description: string | undefined,
    properties: TypedMap = NO_PROPERTIES,
  ): void {
    const message = this.#locks.get(token);
    if (!this.deadLetters) throw faults.notAllowed('A message of a dead-letter queue cannot be dead-lettered again.');
    this.#moveToDeadLetters(message, reason, description, properties);
  }

  /** Prolongs message locks: all of them, or none. Answers their new ends, in epoch milliseconds. */
  renewLocks(tokens: readonly string[]): number[] {
    return this.#locks.renew(tokens);
  }

  /** Looks at messages in any state without touching them, in order, from a sequence number on (inclusive). */
  peek(fromSequenceNumber: number, count: number, sessionId: string | undefined): StoredMessage[] {
    const now = Date.now();
    const found: StoredMessage[] = [];
    for (const message of this.#messages.values()) {
      if (found.length >= count) break;
      if (message.sequenceNumber < fromSequenceNumber || message.expiresAtMs <= now) continue;
      if (sessionId === undefined || message.sessionId === sessionId) found.push(message);
    }
    return found;
  }

  /** Ends locks as if their time were over: one message's, one session's, or all. Says how many there were. */
  expireLocksNow(of: { readonly messageId?: string | undefined; readonly sessionId?: string | undefined }): number {
    if (this.sessions) return this.sessions.expireNow(of.sessionId);
    const held = this.#locks.all(of.messageId);
    for (const message of held) this.#putBack(message, true);
    return held.length;
  }

  counts(): QueueCounts {
    const counts = { active: 0, scheduled: 0, deferred: 0 };
    for (const message of this.#messages.values()) counts[message.state]++;
    return {
      ...counts,
      deadLetter: this.deadLetters?.counts().active ?? 0,
      locked: this.#locks.size,
      sessions: this.sessions?.size ?? 0,
    };
  }

  /** Stops every timer of a queue that is deleted. */
  close(): void {
    for (const message of [...this.#messages.values()]) this.#remove(message);
    this.deadLetters?.close();
  }

  #schedule(message: IncomingMessage, sequenceNumber: number, scheduledForMs: number): void {
    const cancelTimer = this.#timeline.at(scheduledForMs, () => {
      const scheduled = this.#messages.get(sequenceNumber);
      if (scheduled) this.#remove(scheduled);
      // It takes its place among the messages that arrive now, so it gets a number of now.
      const activeNumber = ++this.#lastSequenceNumber;
      this.#activate(message, activeNumber, Math.max(Date.now(), scheduledForMs), activeNumber);
    });
    this.#insert(scheduledMessage(message, sequenceNumber, scheduledForMs, cancelTimer));
  }

  #activate(message: IncomingMessage, sequenceNumber: number, now: number, enqueuedSequenceNumber: number): void {
    const content = withTimeToLive(message.content, this.settings.defaultTimeToLiveMs);
    const expiresAtMs = now + (content.timeToLiveMs ?? Number.POSITIVE_INFINITY);
    const stored: StoredMessage = {
      ...message,
      content,
      sequenceNumber,
      enqueuedSequenceNumber,
      enqueuedAtMs: now,
      expiresAtMs,
      state: 'active',
      deliveryCount: 0,
      deadLetterSource: undefined,
      lock: undefined,
      cancelTimer: this.#timeline.at(expiresAtMs, () => {
        // One that is held may still be settled; it expires when it is put back.
        if (!stored.lock) this.#expire(stored);
      }),
    };
    this.#insert(stored);
    this.#addReady(stored);
  }

  #insert(message: StoredMessage): void {
    this.#messages.set(message.sequenceNumber, message);
    if (message.sessionId !== undefined) this.sessions?.messageArrived(message.sessionId);
  }

  #remove(message: StoredMessage): void {
    this.#locks.unlock(message);
    message.cancelTimer();
    this.#messages.delete(message.sequenceNumber);
    if (this.sessions) this.sessions.messageGone(message);
    else this.#ready.remove(message);
  }

  #addReady(message: StoredMessage): void {
    if (this.sessions) this.sessions.addReady(message);
    else {
      this.#ready.add(message);
      this.#listeners.wake();
    }
  }

  #deliver(message: StoredMessage, mode: 'lock' | 'delete'): StoredMessage {
    if (mode === 'delete') {
      this.#remove(message);
      return message;
    }
    this.#locks.lock(message);
    return message;
  }

  #putBack(message: StoredMessage, deliveryFailed: boolean): void {
    this.#locks.unlock(message);
    // Where dead letters are looked through no attempt counts, and none is the last.
    if (deliveryFailed && this.deadLetters) message.deliveryCount++;
    if (message.expiresAtMs <= Date.now()) {
      this.#expire(message);
    } else if (this.deadLetters && message.deliveryCount >= this.settings.maxDeliveryCount) {
      const attempts = `Message could not be consumed after ${message.deliveryCount} delivery attempts.`;
      this.#moveToDeadLetters(message, 'MaxDeliveryCountExceeded', attempts, NO_PROPERTIES);
    } else if (message.state === 'active') {
      this.#addReady(message);
    }
  }

  #expire(message: StoredMessage): void {
    if (!this.settings.deadLetterOnExpiration) this.#remove(message);
    else
      this.#moveToDeadLetters(
        message,
        'TTLExpiredException',
        'The message expired and was dead lettered.',
        NO_PROPERTIES,
      );
  }

  #moveToDeadLetters(
    message: StoredMessage,
    reason: string | undefined,
    description: string | undefined,
    properties: TypedMap,
  ): void {
    this.#remove(message);
    const added = new Map(properties);
    if (reason !== undefined) added.set('DeadLetterReason', rhea.types.wrap_string(reason));
    if (description !== undefined) added.set('DeadLetterErrorDescription', rhea.types.wrap_string(description));
    this.deadLetters?.takeInDeadLetter(message, withApplicationProperties(message.content, added), this.name);
  }

  /** Takes over a message of the queue that this is the dead-letter queue of. */
  takeInDeadLetter(message: StoredMessage, content: StoredMessage['content'], deadLetterSource: string): void {
    const buried: StoredMessage = {
      ...message,
      content,
      sequenceNumber: ++this.#lastSequenceNumber,
      expiresAtMs: Number.POSITIVE_INFINITY,
      state: 'active',
      deadLetterSource,
      lock: undefined,
      cancelTimer: () => {},
    };
    this.#insert(buried);
    this.#addReady(buried);
  }
}
