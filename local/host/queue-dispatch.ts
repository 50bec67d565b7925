/** Single dispatch without sessions: up to `maxConcurrentCalls` messages at a time, each in an invocation of its own. */
import { once } from 'node:events';
import type { ServiceBusReceivedMessage, ServiceBusReceiver, ServiceBusReceiverOptions } from '@azure/service-bus';
import { answered } from './broker-answer.ts';
import { keepLocked } from './lock-renewal.ts';
import { messageOf } from './message-of.ts';
import { createOutage } from './outage.ts';
import { createSemaphore } from './semaphore.ts';
import { type DispatchContext, type Dispatcher, entityName, runAndSettle } from './service-bus-dispatch.ts';
import { singleMessageInvocation } from './service-bus-wire.ts';

/**
 * Starts receiving. The client's streaming receiver finds its way back after lost connections by itself.
 * Prefetched messages wait here for their turn; their locks are not renewed meanwhile.
 */
export function startQueueDispatch(context: DispatchContext): Dispatcher {
  const { fn, options, log, stopping } = context;
  const receiver = openReceiver(context);
  const outage = createOutage(log, fn.name, entityName(context.entity));
  const turns = createSemaphore(options.maxConcurrentCalls);
  const inHand = new Set<Promise<void>>();

  const handle = async (message: ServiceBusReceivedMessage): Promise<void> => {
    const release = await turns.acquire();
    const unlock = keepLocked(receiver, message, options.maxAutoLockRenewalDuration, (error) => {
      log.write(
        'warning',
        fn.name,
        `The lock of message ${message.messageId} could not be renewed: ${messageOf(error)}`,
      );
    });
    try {
      await runAndSettle(context, receiver, [message], singleMessageInvocation(fn, message));
    } finally {
      unlock();
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
      async processError({ error }) {
        if (error.name !== 'AbortError') outage.failed(error);
      },
    },
    { autoCompleteMessages: false, maxConcurrentCalls: options.maxConcurrentCalls + options.prefetchCount },
  );
  const end = async (): Promise<void> => {
    await once(stopping, 'abort');
    await answered(subscription.close()).catch(() => undefined); // no connection, so nothing comes any more
    await Promise.allSettled(inHand);
    await answered(receiver.close()).catch(() => undefined);
  };
  return { ended: end() };
}

/** Opens a receiver on the entity; bodies stay bytes, and locks are left to run out. */
export function openReceiver({ client, entity }: DispatchContext): ServiceBusReceiver {
  const receiverOptions: ServiceBusReceiverOptions = { maxAutoLockRenewalDurationInMs: 0, skipParsingBodyAsJson: true };
  return 'queue' in entity
    ? client.createReceiver(entity.queue, receiverOptions)
    : client.createReceiver(entity.topic, entity.subscription, receiverOptions);
}
