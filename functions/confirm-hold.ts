import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { confirmHold } from '../shared/api/show-holds.ts';
import { services } from '../shared/services.ts';

app.http('confirm-hold', {
  methods: ['POST'],
  authLevel: keyLevel('confirm-hold', services),
  route: 'holds/{holdId}/confirm',
  handler: routeHandler(services, confirmHold),
});
