import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { runDiscovery } from '../shared/api/inspect.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { lookedThroughWithinMs } from '../shared/api/within-time.ts';
import { services } from '../shared/services.ts';

app.http('discover-setup', {
  methods: ['POST'],
  authLevel: keyLevel('discover-setup', services),
  route: 'discover',
  handler: routeHandler(services, runDiscovery, lookedThroughWithinMs),
});
