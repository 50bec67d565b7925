import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showProfile } from '../shared/api/show-profile.ts';
import { lookedThroughWithinMs } from '../shared/api/within-time.ts';
import { services } from '../shared/services.ts';

app.http('show-profile', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('show-profile', services),
  route: 'records/{table}/{id}/profile',
  handler: routeHandler(services, showProfile, lookedThroughWithinMs),
});
