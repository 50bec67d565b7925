import { app } from '@azure/functions';
import { routeHandler } from '../shared/api/route-handler.ts';
import { stopRun } from '../shared/api/steer-runs.ts';
import { services } from '../shared/services.ts';

app.http('cancel-run', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'runs/{runId}/cancel',
  handler: routeHandler(services, stopRun),
});
