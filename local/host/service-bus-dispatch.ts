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
  /** Aborted when the host stops. */
  readonly stopping: AbortSignal;
}

/** A dispatcher at work. */
export interface Dispatcher {
  /** Resolves when the host stops and what was in hand is settled. */
  readonly ended: Promise<void>;
}

/** The entity's name for log lines. */
export const entityName = (entity: ServiceBusEntity): string =>
  'queue' in entity ? `Queue ${entity.queue}` : `Subscription ${entity.topic}/${entity.subscription}`;

/**
 * Runs the function over messages of one receiver and settles them: complete when it returned, abandon when it threw,
 * so that they come again at once. Without autoComplete they are left to the function, or to the end of their lock.
 *
 * Where the host stops meanwhile, the real extension may give back what its function has done; this one always does. What
 * it had received and not begun yet is given back before any handler sees it.
 */
export async function runAndSettle(
  { fn, invoker, autoComplete, log, stopping }: DispatchContext,
  receiver: ServiceBusReceiver,
  messages: readonly ServiceBusReceivedMessage[],
  invocation: WireInvocation,
): Promise<void> {
  const isDone =
    !stopping.aborted &&
    (await invoker.invoke(fn, invocation).then(
      () => true,
      () => false,
    ));
  if (!autoComplete) return;
  const isCompleted = isDone && !stopping.aborted;
  await Promise.all(
    messages.map(async (message) => {
      try {
        await answered(isCompleted ? receiver.completeMessage(message) : receiver.abandonMessage(message));
      } catch (error) {
        // Its lock is gone, or the connection: the broker delivers the message again.
        const verb = isCompleted ? 'completed' : 'abandoned';
        log.write('warning', fn.name, `Message ${message.messageId} could not be ${verb}: ${messageOf(error)}`);
      }
    }),
  );
}
