import { app, type EventHubTriggerOptions } from '@azure/functions';
import { takeDiagnosticLog } from '../shared/runs/take-diagnostic-log.ts';
import { whenConfigured } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

const connection = 'DiagnosticLogConnection';

/** Each event comes as text: parsed by the host, one that is no JSON would fail its whole batch. */
const asText: Pick<EventHubTriggerOptions, never> = { dataType: 'string' } as object;

whenConfigured((parts) => {
  // A door that is opened by its connection: without one the host could not even start the trigger.
  if (!process.env[connection] && !process.env[`${connection}__fullyQualifiedNamespace`]) return;
  app.eventHub('read-diagnostic-log', {
    connection,
    eventHubName: 'insight-logs-operational',
    consumerGroup: 'backstamp',
    cardinality: 'many',
    ...asText,
    // Without retries an event hub moves on when a handler throws, and the event would be lost.
    retry: {
      strategy: 'exponentialBackoff',
      maxRetryCount: 20,
      minimumInterval: { seconds: 5 },
      maximumInterval: { minutes: 5 },
    },
    handler: (messages: unknown, context) =>
      parts.telemetry.invocation(invocationOf(context), () =>
        takeDiagnosticLog(parts, Array.isArray(messages) ? messages : [messages]),
      ),
  });
});
