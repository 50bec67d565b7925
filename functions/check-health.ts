import { app } from '@azure/functions';
import { checkHealth } from '../shared/api/health.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

const parts = services();

app.http('check-health', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'health',
  handler: routeHandler(parts, checkHealth),
});
