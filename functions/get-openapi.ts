import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { showOpenApi } from '../shared/api/openapi.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

app.http('get-openapi', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('get-openapi', services),
  route: 'openapi.json',
  handler: routeHandler(services, showOpenApi),
});
