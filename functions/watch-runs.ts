import { app } from '@azure/functions';
import { watchRuns } from '../shared/runs/watch-runs.ts';
import { services } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

const parts = services();

app.timer('watch-runs', {
  schedule: '0 */5 * * * *',
  handler: (_timer, context) => parts.telemetry.invocation(invocationOf(context), () => watchRuns(parts)),
});
