import { app } from '@azure/functions';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showRun } from '../shared/api/show-runs.ts';
import { services } from '../shared/services.ts';

app.http('show-run', {
  methods: ['GET'],
  authLevel: 'function',
  route: 'runs/{runId}',
  handler: routeHandler(services, showRun),
});
