import { app } from '@azure/functions';
import { routeHandler } from '../shared/api/route-handler.ts';
import { refreshSegments } from '../shared/api/show-segments.ts';
import { services } from '../shared/services.ts';

app.http('refresh-segments', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'segments/refresh',
  handler: routeHandler(services, refreshSegments),
});
