/** Single dispatch without sessions: up to `maxConcurrentCalls` messages at a time, each in an invocation of its own. */
import type { ServiceBusReceivedMessage, ServiceBusReceiver, ServiceBusReceiverOptions } from '@azure/service-bus';
import { createOutage } from './outage.ts';
import { createSemaphore } from './semaphore.ts';
import { type DispatchContext, type Dispatcher, entityName, runAndSettle } from './service-bus-dispatch.ts';
import { singleMessageInvocation } from './service-bus-wire.ts';

/**
 * Starts receiving. The client's streaming receiver finds its way back after lost connections by itself.
 * Prefetched messages wait here for their turn; unlike the extension's, their locks are renewed meanwhile.
 */
export function startQueueDispatch(context: DispatchContext): Dispatcher {
  const { fn, options, log } = context;
  const receiver = openReceiver(context, options.maxAutoLockRenewalDuration);
  const outage = createOutage(log, fn.name, entityName(context.entity));
  const turns = createSemaphore(options.maxConcurrentCalls);
  const inHand = new Set<Promise<void>>();

  const handle = async (message: ServiceBusReceivedMessage): Promise<void> => {
    const release = await turns.acquire();
    try {
      await runAndSettle(context, receiver, [message], singleMessageInvocation(fn, message));
    } finally {
      release();
    }
  };
  const subscription = receiver.subscribe(
    {
      async processMessage(message) {
        outage.recovered();
        const work = handle(message);
        inHand.add(work);
        await work.finally(() => inHand.delete(work));
      },
      async processError({ error, errorSource }) {
        if (errorSource === 'renewLock')
          log.write('warning', fn.name, `A message's lock could not be renewed: ${error.message}`);
        else if (error.name !== 'AbortError') outage.failed(error);
      },
    },
    { autoCompleteMessages: false, maxConcurrentCalls: options.maxConcurrentCalls + options.prefetchCount },
  );
  return {
    async stop() {
      await subscription.close();
      await Promise.allSettled(inHand);
      await receiver.close();
    },
  };
}

/** Opens a receiver on the entity; bodies stay bytes. */
export function openReceiver(
  { client, entity }: DispatchContext,
  maxAutoLockRenewalDurationInMs: number,
): ServiceBusReceiver {
  const receiverOptions: ServiceBusReceiverOptions = { maxAutoLockRenewalDurationInMs, skipParsingBodyAsJson: true };
  return 'queue' in entity
    ? client.createReceiver(entity.queue, receiverOptions)
    : client.createReceiver(entity.topic, entity.subscription, receiverOptions);
}
