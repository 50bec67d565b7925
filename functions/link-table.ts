import { app, type InvocationContext } from '@azure/functions';
import { type LinkTask, linkTaskSchema } from '../shared/contracts/link-task.ts';
import { messageBody } from '../shared/contracts/message-body.ts';
import { linkTasksQueue, serviceBusConnection } from '../shared/contracts/queues.ts';
import { linkTable } from '../shared/passes/link-table.ts';
import { whenConfigured } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

/** The slice's number tells it from every other of its run and table: follow-up pass, slice, failures before it. */
const sliceAttributes = ({ runId, table, followUp, slice, failures }: LinkTask) => ({
  runId,
  table,
  slice: `${followUp}.${slice}.${failures}`,
});

const sessionOf = ({ triggerMetadata }: InvocationContext): string | undefined =>
  typeof triggerMetadata?.sessionId === 'string' ? triggerMetadata.sessionId : undefined;

whenConfigured((parts) => {
  app.serviceBusQueue('link-table', {
    connection: serviceBusConnection,
    queueName: linkTasksQueue,
    // One session per table, one holder per session: a table has one writer.
    isSessionsEnabled: true,
    handler: (message: unknown, context) =>
      parts.telemetry.invocation(invocationOf(context), () => {
        const task = linkTaskSchema.parse(messageBody(message));
        return parts.telemetry.span('slice', sliceAttributes(task), () => linkTable(parts, task, sessionOf(context)));
      }),
  });
});
