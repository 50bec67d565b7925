import { app } from '@azure/functions';
import { pruneAudit } from '../shared/api/audit.ts';
import { watchUnlisted } from '../shared/inspect/watch-unlisted.ts';
import { watchRuns } from '../shared/runs/watch-runs.ts';
import { whenConfigured } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

whenConfigured((parts) => {
  app.timer('watch-runs', {
    schedule: '0 */5 * * * *',
    handler: (_timer, context) =>
      parts.telemetry.invocation(invocationOf(context), async () => {
        await watchRuns(parts);
        await pruneAudit(parts);
        await watchUnlisted(parts);
      }),
  });
});
