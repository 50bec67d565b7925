import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterAll, beforeAll } from 'vitest';
import { type Broker, startBroker } from '../broker.ts';

/** Entity properties in the form of Config.json. */
export type Properties = Readonly<Record<string, unknown>>;

/** The counts that the control plane answers. */
export interface Counts {
  readonly active: number;
  readonly scheduled: number;
  readonly deferred: number;
  readonly deadLetter: number;
  readonly locked: number;
  readonly sessions: number;
}

/** An HTTP answer of the control plane. */
export interface ControlAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  readonly body: any;
}

/** A broker for one test file, with clients that end with it. */
export class TestBroker {
  #broker: Broker | undefined;
  #clients: ServiceBusClient[] = [];
  #entities = 0;

  get running(): Broker {
    if (!this.#broker) throw new Error('The broker is not running yet.');
    return this.#broker;
  }

  async start(): Promise<void> {
    this.#broker = await startBroker({ config: { queues: [], topics: [] }, port: 0, controlPort: 0 });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#broker?.close();
  }

  /** A client of its own connection. Failures are not retried: a test wants to see the first one. */
  client(retryOptions = { maxRetries: 0, timeoutInMs: 10_000 }): ServiceBusClient {
    const client = new ServiceBusClient(this.running.connectionString, { retryOptions });
    this.#clients.push(client);
    return client;
  }

  async control(method: string, path: string, body?: unknown): Promise<ControlAnswer> {
    const url = `http://127.0.0.1:${this.running.controlPort}${path}`;
    const response = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** Makes a queue nobody else uses; answers its name. */
  async queue(properties: Properties = {}): Promise<string> {
    const name = `queue-${++this.#entities}`;
    await this.#put(`/__control/queues/${name}`, { LockDuration: 'PT10S', ...properties });
    return name;
  }

  /** Makes a topic nobody else uses, with these subscriptions; answers its name. */
  async topic(properties: Properties, subscriptions: Readonly<Record<string, Properties>>): Promise<string> {
    const name = `topic-${++this.#entities}`;
    await this.#put(`/__control/topics/${name}`, properties);
    for (const [subscription, its] of Object.entries(subscriptions)) {
      await this.#put(`/__control/topics/${name}/subscriptions/${subscription}`, its);
    }
    return name;
  }

  async counts(queue: string): Promise<Counts> {
    return (await this.control('GET', `/__control/queues/${queue}`)).body.counts;
  }

  /** Injects a fault; answers how many links, connections or locks it hit. */
  async fault(fault: Readonly<Record<string, unknown>>): Promise<number | undefined> {
    const { status, body } = await this.control('POST', '/__control/faults', fault);
    if (status !== 200) throw new Error(`The fault was refused: ${JSON.stringify(body)}`);
    return body.affected;
  }

  async #put(path: string, properties: Properties): Promise<void> {
    const { status, body } = await this.control('PUT', path, properties);
    if (status !== 201) throw new Error(`PUT ${path}: ${status} ${JSON.stringify(body)}`);
  }
}

/** Starts a broker before the tests of a file and stops it after them. */
export function useBroker(): TestBroker {
  const broker = new TestBroker();
  beforeAll(() => broker.start());
  afterAll(() => broker.stop());
  return broker;
}

/** The one message of an answer that must hold exactly one. */
export function only(messages: readonly ServiceBusReceivedMessage[]): ServiceBusReceivedMessage {
  const [message, ...others] = messages;
  if (!message || others.length > 0) throw new Error(`Expected one message, got ${messages.length}.`);
  return message;
}

/** Waits until a condition holds; fails after five seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(20)) if (await condition()) return;
  throw new Error(`Waited in vain until ${what}.`);
}

/** Waiting times: short, and the longest that a receive waits for what must not come. */
export const SOON = { maxWaitTimeInMs: 3000 };
export const BRIEFLY = { maxWaitTimeInMs: 250 };
