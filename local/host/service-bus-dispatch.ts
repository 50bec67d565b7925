/** What the ways of dispatching Service Bus messages share: the source, and settling by the outcome. */
import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import type { RegisteredFunction } from './app-registry.ts';
import { answered } from './broker-answer.ts';
import type { ServiceBusSettings } from './host-settings.ts';
import type { Invoker } from './invocation.ts';
import type { Log } from './log.ts';
import { messageOf } from './message-of.ts';
import type { WireInvocation } from './wire-types.ts';

/** Where a function's messages come from. */
export type ServiceBusEntity = { readonly queue: string } | { readonly topic: string; readonly subscription: string };

/** All that a dispatcher works with. */
export interface DispatchContext {
  readonly fn: RegisteredFunction;
  readonly client: ServiceBusClient;
  readonly entity: ServiceBusEntity;
  readonly options: ServiceBusSettings;
  readonly autoComplete: boolean;
  readonly invoker: Invoker;
  readonly log: Log;
}

/** A dispatcher at work. */
export interface Dispatcher {
  /** Takes no more messages; resolves when those in hand are settled. */
  stop(): Promise<void>;
}

/** The entity's name for log lines. */
export const entityName = (entity: ServiceBusEntity): string =>
  'queue' in entity ? `Queue ${entity.queue}` : `Subscription ${entity.topic}/${entity.subscription}`;

/**
 * Runs the function over messages of one receiver and settles them: complete when it returned, abandon when it threw,
 * so that they come again at once. Without autoComplete they are left to the function, or to the end of their lock.
 */
export async function runAndSettle(
  { fn, invoker, autoComplete, log }: DispatchContext,
  receiver: ServiceBusReceiver,
  messages: readonly ServiceBusReceivedMessage[],
  invocation: WireInvocation,
): Promise<void> {
  const isSuccess = await invoker.invoke(fn, invocation).then(
    () => true,
    () => false,
  );
  if (!autoComplete) return;
  await Promise.all(
    messages.map(async (message) => {
      try {
        await answered(isSuccess ? receiver.completeMessage(message) : receiver.abandonMessage(message));
      } catch (error) {
        // Its lock is gone, or the connection: the broker delivers the message again.
        const verb = isSuccess ? 'completed' : 'abandoned';
        log.write('warning', fn.name, `Message ${message.messageId} could not be ${verb}: ${messageOf(error)}`);
      }
    }),
  );
}
