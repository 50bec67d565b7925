import { app, type InvocationContext } from '@azure/functions';
import { messageBody } from '../shared/contracts/message-body.ts';
import { linkTasksQueue, serviceBusConnection, unificationEventsQueue } from '../shared/contracts/queues.ts';
import { type DeadLetterReason, recordDeadEvent, recordDeadTask } from '../shared/runs/record-dead-letter.ts';
import { whenConfigured } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

/** The broker's reason travels in the message's application properties, whose names the worker writes in camel case. */
function reasonOf({ triggerMetadata }: InvocationContext): DeadLetterReason {
  const properties = (triggerMetadata?.applicationProperties ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 500) : undefined);
  return {
    messageId: text(triggerMetadata?.messageId),
    reason: text(properties.deadLetterReason),
    description: text(properties.deadLetterErrorDescription),
  };
}

whenConfigured((parts) => {
  app.serviceBusQueue('record-dead-event', {
    connection: serviceBusConnection,
    queueName: `${unificationEventsQueue}/$DeadLetterQueue`,
    handler: (message: unknown, context) =>
      parts.telemetry.invocation(invocationOf(context), () =>
        recordDeadEvent(parts, messageBody(message), reasonOf(context)),
      ),
  });

  // A dead-letter queue has no sessions, whatever its queue has.
  app.serviceBusQueue('record-dead-task', {
    connection: serviceBusConnection,
    queueName: `${linkTasksQueue}/$DeadLetterQueue`,
    handler: (message: unknown, context) =>
      parts.telemetry.invocation(invocationOf(context), () =>
        recordDeadTask(parts, messageBody(message), reasonOf(context)),
      ),
  });
});
