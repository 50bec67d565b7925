import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showStatusPage } from '../shared/api/show-status-page.ts';
import { services } from '../shared/services.ts';

app.http('show-status-page', {
  methods: ['GET', 'HEAD'],
  // The page asks for the key and shows nothing without it.
  authLevel: keyLevel('show-status-page', services),
  route: 'status-page',
  handler: routeHandler(services, showStatusPage),
});
