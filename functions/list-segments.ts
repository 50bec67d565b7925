import { app } from '@azure/functions';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showSegments } from '../shared/api/show-segments.ts';
import { services } from '../shared/services.ts';

app.http('list-segments', {
  methods: ['GET'],
  authLevel: 'function',
  route: 'segments',
  handler: routeHandler(services, showSegments),
});
