import { app } from '@azure/functions';
import { routeHandler } from '../shared/api/route-handler.ts';
import { startRun } from '../shared/api/steer-runs.ts';
import { services } from '../shared/services.ts';

app.http('start-run', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'runs',
  handler: routeHandler(services, startRun),
});
