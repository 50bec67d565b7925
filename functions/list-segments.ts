import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showSegments } from '../shared/api/show-segments.ts';
import { services } from '../shared/services.ts';

app.http('list-segments', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('list-segments', services),
  route: 'segments',
  handler: routeHandler(services, showSegments),
});
