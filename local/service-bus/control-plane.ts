import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { z } from 'zod';
import { faults } from './amqp-fault.ts';
import type { AmqpServer } from './amqp-server.ts';
import {
  describeIssues,
  entityName,
  type QueueSettings,
  queueSettingsSchema,
  subscriptionSettingsSchema,
  type TopicSettings,
  topicSettingsSchema,
} from './config.ts';
import { armFault } from './control-faults.ts';
import { formatDuration } from './duration.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { MessageQueue } from './message-queue.ts';
import type { Namespace } from './namespace.ts';
import type { Topic } from './topic.ts';

/** What the control plane controls, and where it listens. */
export interface ControlPlaneOptions {
  readonly namespace: Namespace;
  readonly amqp: AmqpServer;
  readonly faultPlan: FaultPlan;
  readonly port: number;
  readonly host: string;
  readonly amqpPort: number;
}

/** An answer that is no success; the text says what to do. */
class ControlError extends Error {
  override name = 'ControlError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const LARGEST_BODY = 65_536;

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new ControlError(413, `The body is larger than ${LARGEST_BODY} bytes.`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    throw new ControlError(400, 'The body is not JSON.');
  }
}

/** Checks a body; a fault names each bad field. */
function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ControlError(400, describeIssues(parsed.error));
  return parsed.data;
}

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
interface Resource {
  readonly GET: () => Answer;
  readonly PUT: (body: unknown) => Answer;
  readonly DELETE: () => Answer;
}

function queueResource({ namespace, amqp }: ControlPlaneOptions, name: string): Resource {
  const existing = namespace.queue(name);
  return {
    GET: () => ({ status: 200, body: showQueue(existing ?? notFound(`queue '${name}'`)) }),
    PUT: (body) => {
      if (namespace.topic(name)) throw new ControlError(409, `'${name}' is a topic.`);
      return putQueue(existing, parse(queueSettingsSchema, body), () =>
        namespace.addQueue(name, parse(queueSettingsSchema, body)),
      );
    },
    DELETE: () => {
      const queue = existing ?? notFound(`queue '${name}'`);
      namespace.removeQueue(name);
      amqp.detachLinks((entity) => entity === queue || entity === queue.deadLetters, faults.entityNotFound(name));
      return { status: 204 };
    },
  };
}

function topicResource({ namespace, amqp }: ControlPlaneOptions, name: string): Resource {
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
        faults.entityNotFound(name),
      );
      return { status: 204 };
    },
  };
}

function subscriptionResource({ namespace, amqp }: ControlPlaneOptions, topicName: string, name: string): Resource {
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
      amqp.detachLinks((entity) => entity === queue || entity === queue.deadLetters, faults.entityNotFound(queue.name));
      return { status: 204 };
    },
  };
}

function resourceAt(options: ControlPlaneOptions, path: string): Resource {
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

async function answer(options: ControlPlaneOptions, request: IncomingMessage): Promise<Answer> {
  const path = new URL(request.url ?? '/', 'http://control').pathname;
  const method = request.method ?? 'GET';
  if (path === '/health' && method === 'GET') {
    const { amqp, amqpPort, namespace } = options;
    const entities = { queues: namespace.queues.size, topics: namespace.topics.size };
    return { status: 200, body: { status: 'healthy', port: amqpPort, connections: amqp.connectionCount, ...entities } };
  }
  if (path === '/__control/faults' && method === 'POST') {
    const body = await readJson(request);
    return { status: 200, body: armFault(options, (schema) => parse(schema, body)) };
  }
  const resource = resourceAt(options, path);
  if (method === 'GET' || method === 'DELETE') return resource[method]();
  if (method === 'PUT') return resource.PUT(await readJson(request));
  throw new ControlError(405, `${method} is not possible here.`);
}

function write(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) response.writeHead(status).end();
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Starts the HTTP side of the broker: entities, counts, faults, health. Rejects where the port is taken. */
export async function startControlPlane(
  options: ControlPlaneOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(options, request)
      .catch((thrown: unknown) => ({
        status: thrown instanceof ControlError ? thrown.status : 500,
        body: { error: thrown instanceof Error ? thrown.message : String(thrown) },
      }))
      .then((reply) => write(response, reply));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
