/** Starts the app's Service Bus functions: resolves their options and picks the way of dispatching. */
import { setMaxListeners } from 'node:events';
import type { ServiceBusClient } from '@azure/service-bus';
import type { RegisteredFunction } from './app-registry.ts';
import type { AppSettings } from './app-settings.ts';
import { startBatchDispatch, startSessionBatchDispatch } from './batch-dispatch.ts';
import { answered } from './broker-answer.ts';
import type { ServiceBusSettings } from './host-settings.ts';
import { HostStartError } from './host-start-error.ts';
import type { Invoker } from './invocation.ts';
import type { Log } from './log.ts';
import { startQueueDispatch } from './queue-dispatch.ts';
import { openClient, resolveConnection } from './service-bus-connection.ts';
import type { DispatchContext, Dispatcher, ServiceBusEntity } from './service-bus-dispatch.ts';
import { startSessionDispatch } from './session-dispatch.ts';

/** What the Service Bus functions run with. */
export interface ServiceBusTriggersOptions {
  readonly functions: readonly RegisteredFunction[];
  readonly invoker: Invoker;
  readonly settings: AppSettings;
  readonly options: ServiceBusSettings;
  readonly log: Log;
}

/** Service Bus functions at work. */
export interface ServiceBusTriggers {
  /** Takes no more messages; resolves when those in hand are given back. */
  stop(): Promise<void>;
  /** Closes the connections; what is in hand is lost to the broker. */
  close(): Promise<void>;
}

/**
 * Starts all listeners; they connect by themselves, now or when the broker comes up.
 * @throws HostStartError when a function's options or connection are wrong
 */
export function startServiceBusTriggers(given: ServiceBusTriggersOptions): ServiceBusTriggers {
  const { settings, options, invoker, log } = given;
  const stopping = new AbortController();
  // One listener for each function at the least.
  setMaxListeners(0, stopping.signal);
  const clients = new Map<string, ServiceBusClient>();
  const clientOf = (name: string, where: string): ServiceBusClient => {
    const client = clients.get(name) ?? openClient(resolveConnection(name, settings, where), options, where);
    clients.set(name, client);
    return client;
  };

  // Everything is resolved before the first listener starts: a wrong function must not leave others running.
  const contexts = given.functions.map((fn): DispatchContext => {
    const where = `Function ${fn.name}`;
    const { connection, autoCompleteMessages } = fn.trigger;
    const entity = resolveEntity(fn, settings);
    const connectionName = typeof connection === 'string' && connection !== '' ? connection : 'ServiceBus';
    return {
      fn,
      client: clientOf(settings.resolve(connectionName, where), where),
      entity,
      options,
      autoComplete: typeof autoCompleteMessages === 'boolean' ? autoCompleteMessages : options.autoCompleteMessages,
      invoker,
      log,
      stopping: stopping.signal,
    };
  });
  const dispatchers = contexts.map(start);
  return {
    async stop() {
      stopping.abort();
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.ended));
    },
    close: async () =>
      void (await Promise.all([...clients.values()].map((client) => answered(client.close()).catch(() => undefined)))),
  };
}

function start(context: DispatchContext): Dispatcher {
  const { isSessionsEnabled, cardinality } = context.fn.trigger;
  if (cardinality === 'many') {
    return isSessionsEnabled ? startSessionBatchDispatch(context) : startBatchDispatch(context);
  }
  return isSessionsEnabled ? startSessionDispatch(context) : startQueueDispatch(context);
}

function resolveEntity({ name, trigger }: RegisteredFunction, settings: AppSettings): ServiceBusEntity {
  const read = (option: string): string | undefined => {
    const text = trigger[option];
    return typeof text === 'string' && text !== ''
      ? settings.resolve(text, `${option} of function ${name}`)
      : undefined;
  };
  const [queue, topic, subscription] = [read('queueName'), read('topicName'), read('subscriptionName')];
  if (queue) return { queue };
  if (topic && subscription) return { topic, subscription };
  throw new HostStartError(`Function ${name} needs queueName, or topicName and subscriptionName.`);
}
