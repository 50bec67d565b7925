import { app } from '@azure/functions';
import { runDiscovery } from '../shared/api/inspect.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

app.http('discover-setup', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'discover',
  handler: routeHandler(services, runDiscovery),
});
