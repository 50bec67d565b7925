import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showExplanation } from '../shared/api/show-explanation.ts';
import { lookedThroughWithinMs } from '../shared/api/within-time.ts';
import { services } from '../shared/services.ts';

app.http('show-explanation', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('show-explanation', services),
  route: 'records/{table}/{id}/explanation',
  handler: routeHandler(services, showExplanation, lookedThroughWithinMs),
});
