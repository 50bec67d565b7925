import { faults } from './amqp-fault.ts';
import type { QueueSettings, TopicSettings } from './config.ts';
import { DuplicateWindow } from './duplicate-window.ts';
import { withTimeToLive } from './message-codec.ts';
import { DEFAULT_RULE, type Rule } from './rules.ts';
import { type IncomingMessage, type StoredMessage, scheduledMessage } from './stored-message.ts';
import { Subscription } from './subscription.ts';
import type { Timeline } from './timeline.ts';

/** A topic: every message is copied to each subscription that lets it in. It keeps nothing itself but what is scheduled. */
export class Topic {
  readonly name: string;
  readonly subscriptions = new Map<string, Subscription>();
  settings: TopicSettings;

  readonly #timeline: Timeline;
  readonly #scheduled = new Map<number, StoredMessage>();
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
  addSubscription(name: string, settings: QueueSettings, rules: readonly Rule[] = [DEFAULT_RULE]): Subscription {
    const subscription = new Subscription(`${this.name}/Subscriptions/${name}`, settings, this.#timeline, rules);
    this.subscriptions.set(name.toLowerCase(), subscription);
    return subscription;
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

  /** Copies a message to the subscriptions that let it in, now or at its time; a known message id is dropped silently. */
  enqueue(message: IncomingMessage): number {
    const now = Date.now();
    const sequenceNumber = ++this.#lastSequenceNumber;
    if (this.#duplicates.isDuplicate(message.messageId, now)) return sequenceNumber;
    const { scheduledForMs } = message;
    if (scheduledForMs === undefined || scheduledForMs <= now) this.#publish(message, sequenceNumber);
    else {
      const publish = (): void => {
        this.#scheduled.delete(sequenceNumber);
        this.#publish(message, ++this.#lastSequenceNumber);
      };
      const cancelTimer = this.#timeline.at(scheduledForMs, publish);
      this.#scheduled.set(sequenceNumber, scheduledMessage(message, sequenceNumber, scheduledForMs, cancelTimer));
    }
    return sequenceNumber;
  }

  /** Looks at what is scheduled, in order, from a sequence number on (inclusive); nothing else is kept here. */
  peek(fromSequenceNumber: number, count: number, sessionId: string | undefined): StoredMessage[] {
    return [...this.#scheduled.values()]
      .filter((message) => message.sequenceNumber >= fromSequenceNumber)
      .filter((message) => sessionId === undefined || message.sessionId === sessionId)
      .slice(0, count);
  }

  /** Takes back scheduled messages: all of them, or none. */
  cancelScheduled(sequenceNumbers: readonly number[]): void {
    for (const sequenceNumber of sequenceNumbers) {
      if (!this.#scheduled.has(sequenceNumber)) throw faults.messageNotFound(sequenceNumber);
    }
    for (const sequenceNumber of sequenceNumbers) {
      this.#scheduled.get(sequenceNumber)?.cancelTimer();
      this.#scheduled.delete(sequenceNumber);
    }
  }

  /** Stops every timer of a topic that is deleted. */
  close(): void {
    for (const { cancelTimer } of this.#scheduled.values()) cancelTimer();
    this.#scheduled.clear();
    for (const subscription of this.subscriptions.values()) subscription.close();
  }

  #publish(message: IncomingMessage, sequenceNumber: number): void {
    const copy = { ...message, content: withTimeToLive(message.content, this.settings.defaultTimeToLiveMs) };
    for (const subscription of this.subscriptions.values()) subscription.publish(copy, sequenceNumber);
  }
}
