/** Batches (`cardinality: 'many'`): what is there, up to `maxMessageBatchSize`, in one invocation; locks are not renewed. */
import type { ServiceBusReceivedMessage, ServiceBusReceiver, ServiceBusSessionReceiver } from '@azure/service-bus';
import { answered } from './broker-answer.ts';
import { createOutage } from './outage.ts';
import { openReceiver } from './queue-dispatch.ts';
import { type DispatchContext, type Dispatcher, entityName, runAndSettle } from './service-bus-dispatch.ts';
import { batchInvocation } from './service-bus-wire.ts';
import { startSessionSlots } from './session-dispatch.ts';

/** Starts receiving batches, one after another. */
export function startBatchDispatch(context: DispatchContext): Dispatcher {
  const { fn, options, log, stopping } = context;
  const outage = createOutage(log, fn.name, entityName(context.entity));

  const run = async (): Promise<void> => {
    let receiver = openReceiver(context);
    while (!stopping.aborted) {
      try {
        await takeBatch(context, receiver, options.clientRetryOptions.tryTimeout);
        outage.recovered();
      } catch (error) {
        if (stopping.aborted) break;
        outage.failed(error);
        await outage.backOff(stopping);
        await answered(receiver.close()).catch(() => undefined);
        receiver = openReceiver(context);
      }
    }
    await answered(receiver.close()).catch(() => undefined);
  };
  return { ended: run() };
}

/** Starts taking sessions, one after another whatever `maxConcurrentSessions` says, and from each its messages in batches. */
export const startSessionBatchDispatch = (context: DispatchContext): Dispatcher =>
  startSessionSlots(context, { slots: 1, lockRenewalMs: 0 }, workSessionInBatches);

async function workSessionInBatches(context: DispatchContext, receiver: ServiceBusSessionReceiver): Promise<void> {
  const { sessionIdleTimeout, clientRetryOptions } = context.options;
  try {
    while (await takeBatch(context, receiver, sessionIdleTimeout ?? clientRetryOptions.tryTimeout));
  } catch (error) {
    if (context.stopping.aborted) return;
    context.log.write('warning', context.fn.name, `Session ${receiver.sessionId} is lost: ${(error as Error).message}`);
  }
}

/** Receives and runs one batch; false when none came in `maxWaitTimeInMs`. */
async function takeBatch(
  context: DispatchContext,
  receiver: ServiceBusReceiver,
  maxWaitTimeInMs: number,
): Promise<boolean> {
  const { maxMessageBatchSize } = context.options;
  const messages: ServiceBusReceivedMessage[] = await receiver.receiveMessages(maxMessageBatchSize, {
    maxWaitTimeInMs,
    abortSignal: context.stopping,
  });
  if (messages.length === 0) return false;
  await runAndSettle(context, receiver, messages, batchInvocation(context.fn, messages));
  return true;
}
