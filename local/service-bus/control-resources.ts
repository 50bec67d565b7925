import { faults } from './amqp-fault.ts';
import {
  entityName,
  type QueueSettings,
  queueSettingsSchema,
  subscriptionSettingsSchema,
  type TopicSettings,
  topicSettingsSchema,
} from './config.ts';
import { type Answer, ControlError, type Controlled, parse } from './control-answer.ts';
import { formatDuration } from './duration.ts';
import type { MessageQueue } from './message-queue.ts';
import type { Topic } from './topic.ts';

const showQueueSettings = (settings: QueueSettings): Record<string, unknown> => ({
  RequiresSession: settings.requiresSession,
  RequiresDuplicateDetection: settings.duplicateWindowMs > 0,
  DuplicateDetectionHistoryTimeWindow: formatDuration(settings.duplicateWindowMs),
  LockDuration: formatDuration(settings.lockDurationMs),
  MaxDeliveryCount: settings.maxDeliveryCount,
  DefaultMessageTimeToLive: formatDuration(settings.defaultTimeToLiveMs),
  DeadLetteringOnMessageExpiration: settings.deadLetterOnExpiration,
});

const showTopicSettings = (settings: TopicSettings): Record<string, unknown> => ({
  RequiresDuplicateDetection: settings.duplicateWindowMs > 0,
  DuplicateDetectionHistoryTimeWindow: formatDuration(settings.duplicateWindowMs),
  DefaultMessageTimeToLive: formatDuration(settings.defaultTimeToLiveMs),
});

const showQueue = (queue: MessageQueue): Record<string, unknown> => ({
  name: queue.name,
  counts: queue.counts(),
  settings: showQueueSettings(queue.settings),
});

const showTopic = (topic: Topic): Record<string, unknown> => ({
  name: topic.name,
  counts: { scheduled: topic.scheduledCount },
  settings: showTopicSettings(topic.settings),
  subscriptions: [...topic.subscriptions.values()].map(showQueue),
});

/** @throws ControlError 404 */
function notFound(what: string): never {
  throw new ControlError(404, `There is no ${what}.`);
}

/** Makes a queue or a subscription, or changes the settings of one that is there. */
function putQueue(existing: MessageQueue | undefined, settings: QueueSettings, add: () => MessageQueue): Answer {
  if (!existing) return { status: 201, body: showQueue(add()) };
  if (existing.settings.requiresSession !== settings.requiresSession) {
    throw new ControlError(409, `RequiresSession of '${existing.name}' cannot be changed; delete it first.`);
  }
  existing.configure(settings);
  return { status: 200, body: showQueue(existing) };
}

/** One resource of the control plane: what can be done with it. */
export interface Resource {
  readonly GET: () => Answer;
  readonly PUT: (body: unknown) => Answer;
  readonly DELETE: () => Answer;
}

function queueResource({ namespace, amqp }: Controlled, name: string): Resource {
  const existing = namespace.queue(name);
  return {
    GET: () => ({ status: 200, body: showQueue(existing ?? notFound(`queue '${name}'`)) }),
    PUT: (body) => {
      if (namespace.topic(name)) throw new ControlError(409, `'${name}' is a topic.`);
      const settings = parse(queueSettingsSchema, body);
      return putQueue(existing, settings, () => namespace.addQueue(name, settings));
    },
    DELETE: () => {
      const queue = existing ?? notFound(`queue '${name}'`);
      namespace.removeQueue(name);
      amqp.detachLinks(
        (entity) => entity === queue || entity === queue.deadLetters,
        faults.entityNotFound('localhost', name),
      );
      return { status: 204 };
    },
  };
}

function topicResource({ namespace, amqp }: Controlled, name: string): Resource {
  const existing = namespace.topic(name);
  return {
    GET: () => ({ status: 200, body: showTopic(existing ?? notFound(`topic '${name}'`)) }),
    PUT: (body) => {
      if (namespace.queue(name)) throw new ControlError(409, `'${name}' is a queue.`);
      const settings = parse(topicSettingsSchema, body);
      if (!existing) return { status: 201, body: showTopic(namespace.addTopic(name, settings)) };
      existing.configure(settings);
      return { status: 200, body: showTopic(existing) };
    },
    DELETE: () => {
      const topic = existing ?? notFound(`topic '${name}'`);
      const queues = [...topic.subscriptions.values()].flatMap((queue) => [queue, queue.deadLetters]);
      namespace.removeTopic(name);
      amqp.detachLinks(
        (entity) => entity === topic || queues.some((queue) => queue === entity),
        faults.entityNotFound('localhost', name),
      );
      return { status: 204 };
    },
  };
}

function subscriptionResource({ namespace, amqp }: Controlled, topicName: string, name: string): Resource {
  const topic = namespace.topic(topicName) ?? notFound(`topic '${topicName}'`);
  const existing = topic.subscriptions.get(name.toLowerCase());
  const described = `subscription '${name}' of topic '${topicName}'`;
  return {
    GET: () => ({ status: 200, body: showQueue(existing ?? notFound(described)) }),
    PUT: (body) => {
      const settings = parse(subscriptionSettingsSchema, body);
      return putQueue(existing, settings, () => topic.addSubscription(name, settings));
    },
    DELETE: () => {
      const queue = existing ?? notFound(described);
      topic.removeSubscription(name);
      amqp.detachLinks(
        (entity) => entity === queue || entity === queue.deadLetters,
        faults.entityNotFound('localhost', queue.name),
      );
      return { status: 204 };
    },
  };
}

/**
 * The resource at a path: a queue, a topic or a subscription. Names with slashes come percent-encoded.
 *
 * @throws ControlError 404 for any other path.
 */
export function resourceAt(options: Controlled, path: string): Resource {
  const [kind, name, subscriptions, subscription, ...surplus] = path
    .replace(/^\/__control\//, '')
    .split('/')
    .map((part) => decodeURIComponent(part));
  if (name !== undefined && surplus.length === 0) {
    const checked = parse(entityName, name);
    if (kind === 'queues' && subscriptions === undefined) return queueResource(options, checked);
    if (kind === 'topics' && subscriptions === undefined) return topicResource(options, checked);
    if (kind === 'topics' && subscriptions === 'subscriptions' && subscription !== undefined) {
      return subscriptionResource(options, checked, parse(entityName, subscription));
    }
  }
  return notFound(`resource '${path}'`);
}
