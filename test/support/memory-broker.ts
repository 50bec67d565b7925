import { linkTaskMessageId } from '../../shared/contracts/link-task.ts';
import type { LinkingCompleted, LinkingStarted } from '../../shared/contracts/linking-events.ts';
import { eventMessageId } from '../../shared/contracts/unification-event.ts';
import { TerminalError } from '../../shared/errors.ts';
import type { Messenger } from '../../shared/messaging/messenger.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { Worker } from './worker.ts';

export type QueueName = 'unification-events' | 'link-tasks';

export interface Message {
  readonly queue: QueueName;
  readonly messageId: string;
  readonly sessionId: string | undefined;
  readonly body: unknown;
  /** The order of delivery; a scheduled message takes its place when its time has come. */
  sequence: number;
  /** When a scheduled message appears; undefined once it has. */
  scheduledAt: number | undefined;
  deliveryCount: number;
  /** Who holds the message; changes with every delivery. */
  lock: number | undefined;
}

const duplicateWindowMs = 5 * 60_000;
const maxDeliveries = 10;

/** Queues in memory as Service Bus keeps them: sessions first in first out, duplicates, schedules, dead letters. */
export class MemoryBroker {
  readonly #clock: VirtualClock;
  readonly #seen = new Map<string, number>();
  readonly messages: Message[] = [];
  readonly deadLetters: Message[] = [];
  readonly published: LinkingCompleted[] = [];
  readonly started: LinkingStarted[] = [];
  /** The topic takes nothing. */
  refusesToPublish = false;
  #sequence = 0;
  #locks = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** The broker as one process uses it; each send is a step. */
  connect(worker: Worker): Messenger {
    return {
      sendUnificationEvent: (event, notBefore) =>
        worker.step('send', () =>
          this.send('unification-events', eventMessageId(event, notBefore), undefined, event, notBefore),
        ),
      sendLinkTasks: async (tasks, notBefore) => {
        if (tasks.length === 0) return;
        await worker.step('send', () => {
          for (const task of tasks) this.send('link-tasks', linkTaskMessageId(task), task.table, task, notBefore);
        });
      },
      publish: (event) =>
        worker.step('send', () => {
          if (this.refusesToPublish) throw new TerminalError('The topic is gone.');
          const known: { readonly id: string }[] = 'status' in event.data ? this.published : this.started;
          if (!known.some(({ id }) => id === event.id)) known.push(event);
        }),
    };
  }

  send(queue: QueueName, messageId: string, sessionId: string | undefined, body: unknown, notBefore?: number): void {
    const key = `${queue}|${messageId}`;
    const now = this.#clock.now();
    const seenAt = this.#seen.get(key);
    if (seenAt !== undefined && now - seenAt < duplicateWindowMs) return;
    this.#seen.set(key, now);
    this.messages.push({
      queue,
      messageId,
      sessionId,
      body,
      sequence: ++this.#sequence,
      scheduledAt: notBefore !== undefined && notBefore > now ? notBefore : undefined,
      deliveryCount: 0,
      lock: undefined,
    });
  }

  /** Messages that may be delivered now: of each session the oldest, and only while none of it is held. */
  available(): Message[] {
    const due = this.messages.filter(
      ({ scheduledAt }) => scheduledAt !== undefined && scheduledAt <= this.#clock.now(),
    );
    for (const message of due.sort((a, b) => (a.scheduledAt ?? 0) - (b.scheduledAt ?? 0))) {
      message.scheduledAt = undefined;
      message.sequence = ++this.#sequence;
    }
    const ready = this.messages
      .filter(({ scheduledAt }) => scheduledAt === undefined)
      .sort((a, b) => a.sequence - b.sequence);
    const held = new Set(ready.filter(({ lock }) => lock !== undefined).map(placeOf));
    const first = new Map(ready.toReversed().map((message) => [placeOf(message), message]));
    return [...first.values()].filter((message) => !held.has(placeOf(message))).reverse();
  }

  /** When the next scheduled message appears. */
  nextAt(): number | undefined {
    const times = this.messages.map(({ scheduledAt }) => scheduledAt).filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Delivers a message; what is returned is needed to complete it or give it back. */
  take(message: Message): number {
    message.lock = ++this.#locks;
    return message.lock;
  }

  /** Removes a message, where its lock was not lost meanwhile. */
  complete(message: Message, lock: number): void {
    if (message.lock === lock) this.messages.splice(this.messages.indexOf(message), 1);
  }

  /** The message was given back, or its holder lost its lock. */
  release(message: Message, lock: number): void {
    if (message.lock !== lock) return;
    message.lock = undefined;
    message.deliveryCount++;
    if (message.deliveryCount < maxDeliveries) return;
    this.messages.splice(this.messages.indexOf(message), 1);
    this.deadLetters.push(message);
  }
}

/** What is delivered one after another: a session, or a message by itself. */
const placeOf = ({ queue, sessionId, sequence }: Message): string =>
  sessionId === undefined ? `${queue}#${sequence}` : `${queue}|${sessionId}`;
