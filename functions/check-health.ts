import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { checkHealth } from '../shared/api/health.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

app.http('check-health', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('check-health', services),
  route: 'health',
  handler: routeHandler(services, checkHealth),
});
