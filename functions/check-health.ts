import { app } from '@azure/functions';
import { checkHealth } from '../shared/api/health.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

app.http('check-health', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'health',
  handler: routeHandler(services, checkHealth),
});
