import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { eventDoor } from '../shared/api/event-door.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

app.http('receive-unification-event', {
  methods: ['POST', 'OPTIONS'],
  authLevel: keyLevel('receive-unification-event', services),
  route: 'unification-events',
  handler: routeHandler(services, eventDoor),
});
