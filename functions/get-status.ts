import { app } from '@azure/functions';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showStatus } from '../shared/api/show-status.ts';
import { services } from '../shared/services.ts';

app.http('get-status', {
  methods: ['GET'],
  authLevel: 'function',
  route: 'status',
  handler: routeHandler(services, showStatus),
});
