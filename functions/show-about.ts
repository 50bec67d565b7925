import { app } from '@azure/functions';
import { showAbout } from '../shared/api/about.ts';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

app.http('show-about', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('show-about', services),
  route: 'about',
  handler: routeHandler(services, showAbout),
});
