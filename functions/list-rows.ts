import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showRows } from '../shared/api/show-rows.ts';
import { services } from '../shared/services.ts';

app.http('list-rows', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('list-rows', services),
  route: 'runs/{runId}/tables/{table}/rows',
  handler: routeHandler(services, showRows),
});
