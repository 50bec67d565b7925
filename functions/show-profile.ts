import { app } from '@azure/functions';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showProfile } from '../shared/api/show-profile.ts';
import { services } from '../shared/services.ts';

app.http('show-profile', {
  methods: ['GET'],
  authLevel: 'function',
  route: 'records/{table}/{id}/profile',
  handler: routeHandler(services, showProfile),
});
