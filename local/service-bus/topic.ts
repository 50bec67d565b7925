import { faults } from './amqp-fault.ts';
import type { QueueSettings, TopicSettings } from './config.ts';
import { DuplicateWindow } from './duplicate-window.ts';
import { withTimeToLive } from './message-codec.ts';
import { MessageQueue } from './message-queue.ts';
import type { IncomingMessage } from './stored-message.ts';
import type { Timeline } from './timeline.ts';

/** A topic: every message is copied to every subscription. It keeps nothing itself but what is scheduled. */
export class Topic {
  readonly name: string;
  readonly subscriptions = new Map<string, MessageQueue>();
  settings: TopicSettings;

  readonly #timeline: Timeline;
  readonly #scheduled = new Map<number, () => void>();
  #duplicates: DuplicateWindow;
  #lastSequenceNumber = 0;

  constructor(name: string, settings: TopicSettings, timeline: Timeline) {
    this.name = name;
    this.settings = settings;
    this.#timeline = timeline;
    this.#duplicates = new DuplicateWindow(settings.duplicateWindowMs);
  }

  get scheduledCount(): number {
    return this.#scheduled.size;
  }

  configure(settings: TopicSettings): void {
    if (settings.duplicateWindowMs !== this.settings.duplicateWindowMs) {
      this.#duplicates = new DuplicateWindow(settings.duplicateWindowMs);
    }
    this.settings = settings;
  }

  /** Adds a subscription; it gets what is published from now on. */
  addSubscription(name: string, settings: QueueSettings): MessageQueue {
    const queue = new MessageQueue(`${this.name}/Subscriptions/${name}`, settings, this.#timeline);
    this.subscriptions.set(name.toLowerCase(), queue);
    return queue;
  }

  /** Deletes a subscription and its messages. */
  removeSubscription(name: string): void {
    this.subscriptions.get(name.toLowerCase())?.close();
    this.subscriptions.delete(name.toLowerCase());
  }

  /** @throws AmqpFault `amqp:not-allowed` where a subscription requires sessions and the message names none. */
  check(message: IncomingMessage): void {
    for (const subscription of this.subscriptions.values()) subscription.check(message);
  }

  /** Copies a message to every subscription, now or at its time; a known message id is dropped silently. */
  enqueue(message: IncomingMessage): number {
    const now = Date.now();
    const sequenceNumber = ++this.#lastSequenceNumber;
    if (this.#duplicates.isDuplicate(message.messageId, now)) return sequenceNumber;
    const { scheduledForMs } = message;
    if (scheduledForMs === undefined || scheduledForMs <= now) this.#publish(message, sequenceNumber);
    else {
      const cancel = this.#timeline.at(scheduledForMs, () => {
        this.#scheduled.delete(sequenceNumber);
        this.#publish(message, ++this.#lastSequenceNumber);
      });
      this.#scheduled.set(sequenceNumber, cancel);
    }
    return sequenceNumber;
  }

  /** Takes back scheduled messages: all of them, or none. */
  cancelScheduled(sequenceNumbers: readonly number[]): void {
    for (const sequenceNumber of sequenceNumbers) {
      if (!this.#scheduled.has(sequenceNumber)) throw faults.messageNotFound(sequenceNumber);
    }
    for (const sequenceNumber of sequenceNumbers) {
      this.#scheduled.get(sequenceNumber)?.();
      this.#scheduled.delete(sequenceNumber);
    }
  }

  /** Stops every timer of a topic that is deleted. */
  close(): void {
    for (const cancel of this.#scheduled.values()) cancel();
    this.#scheduled.clear();
    for (const subscription of this.subscriptions.values()) subscription.close();
  }

  #publish(message: IncomingMessage, sequenceNumber: number): void {
    const copy = { ...message, content: withTimeToLive(message.content, this.settings.defaultTimeToLiveMs) };
    for (const subscription of this.subscriptions.values()) subscription.enqueue(copy, sequenceNumber);
  }
}
