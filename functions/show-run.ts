import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showRun } from '../shared/api/show-runs.ts';
import { services } from '../shared/services.ts';

app.http('show-run', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('show-run', services),
  route: 'runs/{runId}',
  handler: routeHandler(services, showRun),
});
