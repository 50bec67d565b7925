import { app } from '@azure/functions';
import { pollMap } from '../shared/runs/poll-map.ts';
import { whenConfigured } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

whenConfigured((parts) => {
  // A door for who has no other: closed unless the settings say how often it is looked.
  if (parts.pollMinutes === 0) return;
  app.timer('poll-map', {
    schedule: parts.pollMinutes === 60 ? '45 0 * * * *' : `45 */${parts.pollMinutes} * * * *`,
    handler: (_timer, context) => parts.telemetry.invocation(invocationOf(context), () => pollMap(parts)),
  });
});
