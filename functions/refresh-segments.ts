import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { refreshSegments } from '../shared/api/show-segments.ts';
import { services } from '../shared/services.ts';

app.http('refresh-segments', {
  methods: ['POST'],
  authLevel: keyLevel('refresh-segments', services),
  route: 'segments/refresh',
  handler: routeHandler(services, refreshSegments),
});
