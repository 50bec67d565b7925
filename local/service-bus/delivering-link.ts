import { randomBytes } from 'node:crypto';
import rhea, { type Delivery, type EventContext, type Sender, type Typed } from 'rhea';
import { type AmqpFault, faults, toFault } from './amqp-fault.ts';
import type { QueueListener } from './listener-ring.ts';
import { type TypedMap, typedMapOf } from './message-codec.ts';
import type { MessageQueue } from './message-queue.ts';
import { attachOf, internals, settleOutgoing, whenAttached } from './rhea-internals.ts';
import type { SessionHolder, SessionLock } from './session-table.ts';
import { encodeForDelivery } from './stored-message.ts';

/** The source filter by which a receiver asks for a session, and is told which one it got. */
export const SESSION_FILTER = 'com.microsoft:session-filter';

/** .NET counts time in ticks of 100 ns since the year 1; this is the tick of the Unix epoch. */
const UNIX_EPOCH_TICKS = 621_355_968_000_000_000n;

const DRAIN_RETRY_MS = 5;

/**
 * A link on which a client receives. Locked messages are settled by the client's outcomes; the tag of each delivery is
 * the token of its lock. Whether it is for a session is decided before it is opened.
 */
export class DeliveringLink implements QueueListener, SessionHolder {
  readonly linkName: string;
  readonly queue: MessageQueue;
  readonly #link: Sender;
  readonly #mode: 'lock' | 'delete';
  #session: SessionLock | undefined;
  #stopListening: (() => void) | undefined;
  #isOpen = false;
  /** Deliveries handed to rhea plus credit given up in drains: what has been used of the credit ever granted. */
  #used = 0;

  constructor(link: Sender, queue: MessageQueue) {
    this.linkName = link.name;
    this.queue = queue;
    this.#link = link;
    this.#mode = link.snd_settle_mode === 1 ? 'delete' : 'lock';
    const rheaLink = internals(link);
    // A drain is answered once, and only when everything sent before it has been written: see #answerDrain.
    rheaLink._get_drain = () => {
      if (!(rheaLink._draining && rheaLink._drained)) return false;
      rheaLink.delivery_count += rheaLink.credit;
      rheaLink.credit = 0;
      rheaLink._draining = false;
      return true;
    };
    link.on('sender_flow', () => this.messagesReady());
    link.on(
      'accepted',
      this.#settling((token) => queue.complete(token)),
    );
    link.on(
      'released',
      this.#settling((token) => queue.release(token)),
    );
    link.on(
      'modified',
      this.#settling((token, { undeliverable_here, value }) => {
        const properties = typedMapOf(value[MESSAGE_ANNOTATIONS]);
        if (undeliverable_here) queue.defer(token, properties);
        else queue.abandon(token, properties);
      }),
    );
    link.on(
      'rejected',
      this.#settling((token, { error, value }) => {
        const { reason, description, properties } = readDeadLetterInfo(typedMapOf(value[ERROR]?.value?.[ERROR_INFO]));
        queue.deadLetter(token, reason, description ?? error?.description ?? undefined, properties);
      }),
    );
  }

  /** Answers the attach and starts delivering, from a session where one is given. */
  open(session: SessionLock | undefined): void {
    this.#session = session;
    const { address } = this.#link.source;
    this.#link.set_source(session ? { address, filter: { [SESSION_FILTER]: session.sessionId } } : { address });
    this.#link.set_target(this.#link.target);
    if (session) {
      const ticks = Buffer.alloc(8);
      ticks.writeBigInt64BE(UNIX_EPOCH_TICKS + BigInt(session.untilMs) * 10_000n);
      attachOf(this.#link).properties = { 'com.microsoft:locked-until-utc': rhea.types.wrap_long(ticks) };
    } else {
      this.#stopListening = this.queue.listen(this);
    }
    this.#link.open();
    // A client may grant credit before its attach is answered.
    whenAttached(this.#link, () => {
      this.#isOpen = this.#link.is_open();
      this.messagesReady();
    });
  }

  /** The link is gone: a session goes back at once, locks of single messages run out by themselves. */
  closed(): void {
    this.#isOpen = false;
    this.#stopListening?.();
    const session = this.#session;
    this.#session = undefined;
    if (session) this.queue.sessions?.release(session);
  }

  /** Ends the link from this side, with the reason. */
  detach(fault: AmqpFault): void {
    this.closed();
    this.#link.close(fault.toAmqpError());
  }

  messagesReady(): void {
    if (!this.#isOpen) return;
    try {
      while (this.#credit > 0 && internals(this.#link).session.outgoing.available() > 0) {
        const message = this.queue.take(this.#mode, this.#session);
        if (!message) break;
        const tag = message.lock ? Buffer.from(message.lock.token, 'hex') : randomBytes(16);
        this.#link.send(encodeForDelivery(message), tag, 0);
        this.#used++;
      }
      this.#answerDrain();
    } catch (thrown) {
      this.detach(toFault(thrown));
    }
  }

  sessionLockLost(sessionId: string): void {
    this.#session = undefined;
    this.detach(faults.sessionLockLost(sessionId));
  }

  /** rhea lowers its count when it writes a delivery; those it has not written yet must be taken off as well. */
  get #credit(): number {
    const { credit, delivery_count } = internals(this.#link);
    return credit + delivery_count - this.#used;
  }

  /** A client that drains waits for exactly one answer; asked too early it would void deliveries not yet written. */
  #answerDrain(): void {
    const rheaLink = internals(this.#link);
    if (!rheaLink._draining || !this.#isOpen) return;
    if (this.#used > rheaLink.delivery_count) {
      setTimeout(() => this.#answerDrain(), DRAIN_RETRY_MS).unref();
      return;
    }
    this.#used += rheaLink.credit;
    this.#link.set_drained(true);
    this.#link.connection._register();
  }

  #settling(settle: (token: string, outcome: Outcome) => void): (context: EventContext) => void {
    return ({ delivery }) => {
      if (!delivery || delivery.settled) return;
      try {
        settle(tokenOf(delivery), (delivery.remote_state ?? { value: [] }) as unknown as Outcome);
        settleOutgoing(delivery);
      } catch (thrown) {
        settleOutgoing(delivery, toFault(thrown).toAmqpError());
      }
    };
  }
}

/** The fields of the outcomes that a client settles with; `value` has them in their places, with their types. */
interface Outcome {
  readonly undeliverable_here?: boolean | null;
  readonly error?: { readonly description?: string | null } | null;
  readonly value: readonly (Typed | undefined)[];
}

/** Places in outcomes: of `modified`, of `rejected`, and of the error in the latter. */
const MESSAGE_ANNOTATIONS = 2;
const ERROR = 0;
const ERROR_INFO = 2;

const tokenOf = ({ tag }: Delivery): string => (Buffer.isBuffer(tag) ? tag : Buffer.from(tag)).toString('hex');

/** Splits what a client says about a dead letter into the reason, its description, and properties to add. */
export function readDeadLetterInfo(info: TypedMap): {
  readonly reason: string | undefined;
  readonly description: string | undefined;
  readonly properties: TypedMap;
} {
  const properties = new Map(info);
  const take = (key: string): string | undefined => {
    const value: unknown = properties.get(key)?.value;
    properties.delete(key);
    return typeof value === 'string' ? value : undefined;
  };
  return { reason: take('DeadLetterReason'), description: take('DeadLetterErrorDescription'), properties };
}
