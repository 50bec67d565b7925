import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { listRuns } from '../shared/api/show-runs.ts';
import { services } from '../shared/services.ts';

app.http('list-runs', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('list-runs', services),
  route: 'runs',
  handler: routeHandler(services, listRuns),
});
