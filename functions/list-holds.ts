import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { listHolds } from '../shared/api/show-holds.ts';
import { services } from '../shared/services.ts';

app.http('list-holds', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('list-holds', services),
  route: 'holds',
  handler: routeHandler(services, listHolds),
});
