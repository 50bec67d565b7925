import { app } from '@azure/functions';
import { runDoctor } from '../shared/api/inspect.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

app.http('check-up', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'doctor',
  handler: routeHandler(services, runDoctor),
});
