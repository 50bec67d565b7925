import { app } from '@azure/functions';
import { watchRuns } from '../shared/runs/watch-runs.ts';
import { whenConfigured } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

whenConfigured((parts) => {
  app.timer('watch-runs', {
    schedule: '0 */5 * * * *',
    handler: (_timer, context) => parts.telemetry.invocation(invocationOf(context), () => watchRuns(parts)),
  });
});
