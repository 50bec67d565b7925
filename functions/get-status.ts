import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showStatus } from '../shared/api/show-status.ts';
import { services } from '../shared/services.ts';

app.http('get-status', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('get-status', services),
  route: 'status',
  handler: routeHandler(services, showStatus),
});
