import { app } from '@azure/functions';
import { z } from 'zod';
import { parseUnificationEvent } from '../shared/contracts/foreign-event.ts';
import { messageBody } from '../shared/contracts/message-body.ts';
import { serviceBusConnection, unificationEventsQueue } from '../shared/contracts/queues.ts';
import { runIdOf, unificationEventSchema } from '../shared/contracts/unification-event.ts';
import { TerminalError } from '../shared/errors.ts';
import { orchestrateRun } from '../shared/runs/orchestrate-run.ts';
import { whenConfigured } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

whenConfigured((parts) => {
  app.serviceBusQueue('orchestrate-run', {
    connection: serviceBusConnection,
    queueName: unificationEventsQueue,
    handler: (message: unknown, context) =>
      parts.telemetry.invocation(invocationOf(context), async () => {
        // Event Grid delivers to the queue directly, so a CloudEvent is as welcome as our own message.
        const body = messageBody(message);
        const event = parseUnificationEvent(body, { now: parts.now() });
        if (!event.success) throw new TerminalError(`Not a unification event: ${z.prettifyError(event.error)}`);
        // Every other door counts its events where it sends them.
        const isFromDoor = unificationEventSchema.safeParse(body).success;
        if (!isFromDoor) parts.telemetry.count('backstamp.events', 1, { door: 'queue' });
        await parts.telemetry.span('run', { runId: runIdOf(event.data) }, () => orchestrateRun(parts, event.data));
      }),
  });
});
