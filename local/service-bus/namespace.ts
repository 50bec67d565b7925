import type { BrokerConfig, QueueSettings, TopicSettings } from './config.ts';
import { MessageQueue } from './message-queue.ts';
import type { Timeline } from './timeline.ts';
import { Topic } from './topic.ts';

const DEAD_LETTER_SUFFIX = '/$deadletterqueue';
const SUBSCRIPTIONS = '/subscriptions/';

const keyOf = (address: string): string => address.replace(/^\/+/, '').toLowerCase();

/** All entities, found by address. Names are compared without regard to case, as the service does. */
export class Namespace {
  readonly queues = new Map<string, MessageQueue>();
  readonly topics = new Map<string, Topic>();
  readonly #timeline: Timeline;

  constructor(config: BrokerConfig, timeline: Timeline) {
    this.#timeline = timeline;
    for (const { name, settings } of config.queues) this.addQueue(name, settings);
    for (const { name, settings, subscriptions } of config.topics) {
      const topic = this.addTopic(name, settings);
      for (const each of subscriptions) topic.addSubscription(each.name, each.settings, each.rules);
    }
  }

  addQueue(name: string, settings: QueueSettings): MessageQueue {
    const queue = new MessageQueue(name, settings, this.#timeline);
    this.queues.set(keyOf(name), queue);
    return queue;
  }

  addTopic(name: string, settings: TopicSettings): Topic {
    const topic = new Topic(name, settings, this.#timeline);
    this.topics.set(keyOf(name), topic);
    return topic;
  }

  /** Deletes a queue and its messages. */
  removeQueue(name: string): void {
    this.queue(name)?.close();
    this.queues.delete(keyOf(name));
  }

  /** Deletes a topic with its subscriptions. */
  removeTopic(name: string): void {
    this.topic(name)?.close();
    this.topics.delete(keyOf(name));
  }

  queue(name: string): MessageQueue | undefined {
    return this.queues.get(keyOf(name));
  }

  topic(name: string): Topic | undefined {
    return this.topics.get(keyOf(name));
  }

  subscription(topic: string, name: string): MessageQueue | undefined {
    return this.topic(topic)?.subscriptions.get(name.toLowerCase());
  }

  /** What can be received from: a queue, `<topic>/Subscriptions/<name>`, or `/$DeadLetterQueue` of either. */
  source(address: string): MessageQueue | undefined {
    const key = keyOf(address);
    if (key.endsWith(DEAD_LETTER_SUFFIX)) return this.source(key.slice(0, -DEAD_LETTER_SUFFIX.length))?.deadLetters;
    const at = key.indexOf(SUBSCRIPTIONS);
    if (at < 0) return this.queues.get(key);
    return this.subscription(key.slice(0, at), key.slice(at + SUBSCRIPTIONS.length));
  }

  /** What can be sent to: a queue or a topic. */
  target(address: string): MessageQueue | Topic | undefined {
    return this.queue(address) ?? this.topic(address);
  }
}
