import { app } from '@azure/functions';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showRows } from '../shared/api/show-rows.ts';
import { services } from '../shared/services.ts';

app.http('list-rows', {
  methods: ['GET'],
  authLevel: 'function',
  route: 'runs/{runId}/tables/{table}/rows',
  handler: routeHandler(services, showRows),
});
