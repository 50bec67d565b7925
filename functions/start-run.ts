import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { startRun } from '../shared/api/steer-runs.ts';
import { services } from '../shared/services.ts';

app.http('start-run', {
  methods: ['POST'],
  authLevel: keyLevel('start-run', services),
  route: 'runs',
  handler: routeHandler(services, startRun),
});
