/**
 * Single dispatch with sessions: up to `maxConcurrentSessions` sessions at a time, each with
 * `maxConcurrentCallsPerSession` messages. A session is held until it stays empty for `sessionIdleTimeout`,
 * or its lock or connection is lost; then the next one is accepted. A session's lock is renewed from its acceptance for
 * `maxAutoLockRenewalDuration`, however many messages it has: one whose messages follow one another for longer is lost.
 */
import { isServiceBusError, type ServiceBusReceivedMessage, type ServiceBusSessionReceiver } from '@azure/service-bus';
import { answered } from './broker-answer.ts';
import { createOutage, type Outage } from './outage.ts';
import { type DispatchContext, type Dispatcher, entityName, runAndSettle } from './service-bus-dispatch.ts';
import { singleMessageInvocation } from './service-bus-wire.ts';

/** A century: the client cannot count to infinity. */
const foreverMs = 100 * 365 * 86_400_000;

/** Starts taking sessions. */
export function startSessionDispatch(context: DispatchContext): Dispatcher {
  const { maxConcurrentSessions, maxAutoLockRenewalDuration } = context.options;
  const lockRenewalMs = Math.min(maxAutoLockRenewalDuration, foreverMs);
  return startSessionSlots(context, { slots: maxConcurrentSessions, lockRenewalMs }, workSession);
}

/**
 * Runs a number of slots; each accepts the next session, has `work` done on it until that ends, and closes it.
 * A failed acceptance is tried again with back-off; that there is no session now is no failure.
 */
export function startSessionSlots(
  context: DispatchContext,
  { slots, lockRenewalMs }: { readonly slots: number; readonly lockRenewalMs: number },
  work: (context: DispatchContext, receiver: ServiceBusSessionReceiver) => Promise<void>,
): Dispatcher {
  const { fn, log, stopping } = context;
  const outage = createOutage(log, fn.name, entityName(context.entity));

  const runSlot = async (): Promise<void> => {
    while (!stopping.aborted) {
      const receiver = await acceptNext(context, lockRenewalMs, outage);
      if (!receiver) continue;
      log.write('debug', fn.name, `Session ${receiver.sessionId} accepted`);
      await work(context, receiver);
      await answered(receiver.close()).catch(() => undefined); // lost already
      log.write('debug', fn.name, `Session ${receiver.sessionId} closed`);
    }
  };
  const ended = Promise.all(Array.from({ length: slots }, runSlot)).then(() => undefined);
  return { ended };
}

/** The next session; undefined when there is none now, when the attempt failed (after a wait), or at the end. */
async function acceptNext(
  { client, entity, stopping: abortSignal }: DispatchContext,
  maxAutoLockRenewalDurationInMs: number,
  outage: Outage,
): Promise<ServiceBusSessionReceiver | undefined> {
  const receiverOptions = { maxAutoLockRenewalDurationInMs, skipParsingBodyAsJson: true, abortSignal };
  const accepting =
    'queue' in entity
      ? client.acceptNextSession(entity.queue, receiverOptions)
      : client.acceptNextSession(entity.topic, entity.subscription, receiverOptions);
  try {
    // The client notices an abort only when the broker has answered, which may take a minute.
    const receiver = await untilAborted(accepting, abortSignal);
    if (!receiver) {
      accepting.then((late) => late.close()).catch(() => undefined);
      return undefined;
    }
    outage.recovered();
    return receiver;
  } catch (error) {
    if (abortSignal.aborted) return undefined;
    if (isServiceBusError(error) && error.code === 'ServiceTimeout') {
      outage.recovered();
      return undefined;
    }
    outage.failed(error);
    await outage.backOff(abortSignal);
    return undefined;
  }
}

/** What `promise` brings, or undefined as soon as `signal` aborts. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const first = Promise.withResolvers<T | undefined>();
  const giveUp = (): void => first.resolve(undefined);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp);
  promise.then(first.resolve, first.reject);
  return await first.promise.finally(() => signal.removeEventListener('abort', giveUp));
}

/** Works one session's messages; resolves when it is idle or lost, or the host stops, and nothing is in hand. */
async function workSession(context: DispatchContext, receiver: ServiceBusSessionReceiver): Promise<void> {
  const { fn, options, log, stopping } = context;
  const inHand = new Set<Promise<void>>();
  const ended = Promise.withResolvers<void>();
  const idleMs = options.sessionIdleTimeout ?? options.clientRetryOptions.tryTimeout;
  let idle = setTimeout(ended.resolve, idleMs);

  const handle = async (message: ServiceBusReceivedMessage): Promise<void> => {
    clearTimeout(idle);
    const work = runAndSettle(context, receiver, [message], singleMessageInvocation(fn, message));
    inHand.add(work);
    await work.finally(() => inHand.delete(work));
    if (inHand.size > 0) return;
    clearTimeout(idle);
    idle = setTimeout(ended.resolve, idleMs);
  };
  const subscription = receiver.subscribe(
    {
      processMessage: handle,
      async processError({ error }) {
        log.write('warning', fn.name, `Session ${receiver.sessionId} is lost: ${error.message}`);
        ended.resolve();
      },
    },
    { autoCompleteMessages: false, maxConcurrentCalls: options.maxConcurrentCallsPerSession },
  );
  await untilAborted(ended.promise, stopping);
  clearTimeout(idle);
  await answered(subscription.close()).catch(() => undefined); // lost already
  await Promise.allSettled(inHand);
  clearTimeout(idle);
}
