import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { stopRun } from '../shared/api/steer-runs.ts';
import { services } from '../shared/services.ts';

app.http('cancel-run', {
  methods: ['POST'],
  authLevel: keyLevel('cancel-run', services),
  route: 'runs/{runId}/cancel',
  handler: routeHandler(services, stopRun),
});
