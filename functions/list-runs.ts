import { app } from '@azure/functions';
import { routeHandler } from '../shared/api/route-handler.ts';
import { listRuns } from '../shared/api/show-runs.ts';
import { services } from '../shared/services.ts';

app.http('list-runs', {
  methods: ['GET'],
  authLevel: 'function',
  route: 'runs',
  handler: routeHandler(services, listRuns),
});
