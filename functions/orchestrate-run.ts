import { app } from '@azure/functions';
import { z } from 'zod';
import { serviceBusConnection, unificationEventsQueue } from '../shared/contracts/queues.ts';
import { parseUnificationEvent } from '../shared/contracts/unification-event.ts';
import { TerminalError } from '../shared/errors.ts';
import { orchestrateRun } from '../shared/linking/orchestrate-run.ts';
import { services } from '../shared/services.ts';

const parts = services();

app.serviceBusQueue('orchestrate-run', {
  connection: serviceBusConnection,
  queueName: unificationEventsQueue,
  handler: async (message: unknown) => {
    // Event Grid delivers to the queue directly, so a CloudEvent is as welcome as our own message.
    const event = parseUnificationEvent(message, parts.now());
    if (!event.success) throw new TerminalError(`Not a unification event: ${z.prettifyError(event.error)}`);
    await orchestrateRun(parts, event.data);
  },
});
