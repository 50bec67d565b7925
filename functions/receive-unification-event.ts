import { app } from '@azure/functions';
import { eventDoor } from '../shared/api/event-door.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

app.http('receive-unification-event', {
  methods: ['POST', 'OPTIONS'],
  authLevel: 'function',
  route: 'unification-events',
  handler: routeHandler(services, eventDoor),
});
