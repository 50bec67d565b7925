import { app } from '@azure/functions';
import { showOpenApi } from '../shared/api/openapi.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

app.http('get-openapi', {
  methods: ['GET'],
  authLevel: 'function',
  route: 'openapi.json',
  handler: routeHandler(services, showOpenApi),
});
