import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { runDoctor } from '../shared/api/inspect.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { lookedThroughWithinMs } from '../shared/api/within-time.ts';
import { services } from '../shared/services.ts';

app.http('run-doctor', {
  methods: ['POST'],
  authLevel: keyLevel('run-doctor', services),
  route: 'doctor',
  handler: routeHandler(services, runDoctor, lookedThroughWithinMs),
});
