import { app } from '@azure/functions';
import { readDiagnosticLog } from '../shared/contracts/diagnostic-log.ts';
import { whenConfigured } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

const connection = 'DiagnosticLogConnection';

whenConfigured((parts) => {
  // A door that is opened by its connection: without one the host could not even start the trigger.
  if (process.env[connection] || process.env[`${connection}__fullyQualifiedNamespace`]) {
    app.eventHub('read-diagnostic-log', {
      connection,
      eventHubName: 'insight-logs-operational',
      consumerGroup: 'backstamp',
      cardinality: 'many',
      // Without retries an event hub moves on when a handler throws, and the event would be lost.
      retry: {
        strategy: 'exponentialBackoff',
        maxRetryCount: 20,
        minimumInterval: { seconds: 5 },
        maximumInterval: { minutes: 5 },
      },
      handler: (messages: unknown, context) =>
        parts.telemetry.invocation(invocationOf(context), async () => {
          const { events, unreadable } = readDiagnosticLog(
            Array.isArray(messages) ? messages : [messages],
            parts.now(),
          );
          for (const event of events) await parts.messenger.sendUnificationEvent(event);
          parts.telemetry.count('backstamp.events', events.length, { door: 'diagnostic-log' });
          if (unreadable > 0) {
            parts.telemetry.log('warn', 'Records of the diagnostic log could not be read', { unreadable });
          }
        }),
    });
  }
});
