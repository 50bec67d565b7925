import { faults } from './amqp-fault.ts';
import { ReadyList } from './ready-list.ts';
import type { MessageLock, StoredMessage } from './stored-message.ts';
import type { Timeline } from './timeline.ts';

/*
 * The sessions of one queue. A session is there while it has messages, a state or a holder:
 *
 *   free --accept--> held --release (link closed)--> free     messages put back, their delivery count unchanged
 *                    held --expire (lock ran out)--> free     messages put back, their delivery count raised
 */

/** Who holds a session, or waits for one: a receiving link. */
export interface SessionHolder {
  readonly linkName: string;
  /** The held session has messages to take. */
  messagesReady(): void;
  /** The lock ran out; whatever was delivered under it is back in the queue. */
  sessionLockLost(sessionId: string): void;
}

/** One holder's claim on one session and on all messages delivered from it. */
export interface SessionLock {
  readonly sessionId: string;
  readonly holder: SessionHolder;
  untilMs: number;
}

interface Claim extends SessionLock {
  readonly messages: Set<StoredMessage>;
  cancelExpiry: () => void;
}

interface Session {
  readonly id: string;
  readonly ready: ReadyList<StoredMessage>;
  /** Messages of this session that the queue holds in any state. */
  messageCount: number;
  state: Buffer | undefined;
  claim: Claim | undefined;
  /** While its messages go back: nobody may have it before all of them are in their places. */
  isReturning: boolean;
}

interface Waiter {
  readonly holder: SessionHolder;
  readonly granted: (lock: SessionLock) => void;
}

/** What the table needs of its queue. */
export interface SessionTableOptions {
  readonly lockDurationMs: () => number;
  readonly timeline: Timeline;
  /** Ends a message's lock and makes it available again, or dead-letters it. */
  readonly putBack: (message: StoredMessage, deliveryFailed: boolean) => void;
}

/** The sessions of one queue: one holder each, first in first out, with a lock and a state. */
export class SessionTable {
  readonly #options: SessionTableOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #waiters = new Set<Waiter>();

  constructor(options: SessionTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Notes that the queue took in a message of this session. */
  messageArrived(sessionId: string): void {
    this.#open(sessionId).messageCount++;
  }

  /** Notes that a message of this session has left the queue. */
  messageGone(message: StoredMessage): void {
    const session = this.#sessions.get(message.sessionId ?? '');
    if (!session) return;
    session.messageCount--;
    session.ready.remove(message);
    session.claim?.messages.delete(message);
    this.#prune(session);
  }

  /** Makes a message available to the session's holder, or the session to the first who waits for one. */
  addReady(message: StoredMessage): void {
    const session = this.#open(message.sessionId ?? '');
    session.ready.add(message);
    if (session.claim) session.claim.holder.messagesReady();
    else this.#offer(session);
  }

  /**
   * Claims this very session, whether it has messages or not.
   *
   * @throws AmqpFault `com.microsoft:session-cannot-be-locked` while another holds it.
   */
  accept(sessionId: string, holder: SessionHolder): SessionLock {
    const session = this.#open(sessionId);
    if (session.claim) throw faults.sessionCannotBeLocked(sessionId);
    return this.#claim(session, holder);
  }

  /** Claims the free session whose first message is oldest; `undefined` where no free session has messages. */
  acceptNext(holder: SessionHolder): SessionLock | undefined {
    let oldest: Session | undefined;
    for (const session of this.#sessions.values()) {
      const first = session.claim ? undefined : session.ready.first;
      if (!first) continue;
      if (!oldest?.ready.first || first.sequenceNumber < oldest.ready.first.sequenceNumber) oldest = session;
    }
    return oldest && this.#claim(oldest, holder);
  }

  /** Waits in line for any free session with messages; the answer ends the wait. */
  wait(holder: SessionHolder, granted: (lock: SessionLock) => void): () => void {
    const waiter = { holder, granted };
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  /** The next message under this lock, taken out of the ready list; `undefined` where there is none. */
  takeFirst(lock: SessionLock): StoredMessage | undefined {
    return this.#heldBy(lock)?.ready.takeFirst();
  }

  /** The lock that covers a message taken from a held session. */
  lockFor(sessionId: string, message: StoredMessage, token: string): MessageLock {
    const claim = this.#claimOf(sessionId, undefined);
    claim.messages.add(message);
    return { token, untilMs: claim.untilMs, cancelExpiry: () => claim.messages.delete(message) };
  }

  /** Gives the session back because its holder went away. */
  release(lock: SessionLock): void {
    const session = this.#heldBy(lock);
    if (session) this.#free(session, false);
  }

  /**
   * Prolongs a session's lock and with it the locks of its messages.
   *
   * @returns the new end, in epoch milliseconds
   * @throws AmqpFault `com.microsoft:session-lock-lost` where `linkName` does not hold it.
   */
  renew(sessionId: string, linkName: string | undefined): number {
    const claim = this.#claimOf(sessionId, linkName);
    this.#arm(claim);
    for (const message of claim.messages) if (message.lock) message.lock.untilMs = claim.untilMs;
    return claim.untilMs;
  }

  /** @throws AmqpFault `com.microsoft:session-lock-lost` where `linkName` does not hold the session. */
  assertHeld(sessionId: string, linkName: string | undefined): void {
    this.#claimOf(sessionId, linkName);
  }

  /** The bytes that a holder stored with the session; they outlive its lock. */
  state(sessionId: string, linkName: string | undefined): Buffer | undefined {
    this.#claimOf(sessionId, linkName);
    return this.#sessions.get(sessionId)?.state;
  }

  /** Stores bytes with the session; `undefined` clears them. */
  setState(sessionId: string, linkName: string | undefined, state: Buffer | undefined): void {
    this.#claimOf(sessionId, linkName);
    this.#open(sessionId).state = state;
  }

  /** Ends the lock of one session, or of all, as if its time were over; says how many there were. */
  expireNow(sessionId: string | undefined): number {
    const held = [...this.#sessions.values()].filter(
      (session) => session.claim && (sessionId === undefined || session.id === sessionId),
    );
    for (const session of held) this.#expire(session);
    return held.length;
  }

  #open(id: string): Session {
    let session = this.#sessions.get(id);
    if (!session) {
      session = { id, ready: new ReadyList(), messageCount: 0, state: undefined, claim: undefined, isReturning: false };
      this.#sessions.set(id, session);
    }
    return session;
  }

  #prune(session: Session): void {
    const isEmpty = session.messageCount === 0 && session.state === undefined;
    if (isEmpty && !session.claim && !session.isReturning) this.#sessions.delete(session.id);
  }

  #heldBy(lock: SessionLock): Session | undefined {
    const session = this.#sessions.get(lock.sessionId);
    return session?.claim === lock ? session : undefined;
  }

  #claimOf(sessionId: string, linkName: string | undefined): Claim {
    const claim = this.#sessions.get(sessionId)?.claim;
    if (!claim || (linkName !== undefined && claim.holder.linkName !== linkName)) {
      throw faults.sessionLockLost(sessionId);
    }
    return claim;
  }

  #claim(session: Session, holder: SessionHolder): SessionLock {
    const claim: Claim = { sessionId: session.id, holder, untilMs: 0, messages: new Set(), cancelExpiry: () => {} };
    session.claim = claim;
    this.#arm(claim);
    return claim;
  }

  #arm(claim: Claim): void {
    claim.cancelExpiry();
    claim.untilMs = Date.now() + this.#options.lockDurationMs();
    claim.cancelExpiry = this.#options.timeline.at(claim.untilMs, () => {
      const session = this.#heldBy(claim);
      if (session) this.#expire(session);
    });
  }

  #expire(session: Session): void {
    const holder = session.claim?.holder;
    this.#free(session, true);
    holder?.sessionLockLost(session.id);
  }

  #free(session: Session, deliveryFailed: boolean): void {
    const { claim } = session;
    if (!claim) return;
    claim.cancelExpiry();
    session.claim = undefined;
    session.isReturning = true;
    for (const message of [...claim.messages]) this.#options.putBack(message, deliveryFailed);
    session.isReturning = false;
    this.#offer(session);
    this.#prune(session);
  }

  #offer(session: Session): void {
    if (session.claim || session.isReturning || session.ready.size === 0) return;
    const [waiter] = this.#waiters;
    if (!waiter) return;
    this.#waiters.delete(waiter);
    waiter.granted(this.#claim(session, waiter.holder));
  }
}
