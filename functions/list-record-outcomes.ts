import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showRecordOutcomes } from '../shared/api/show-record-outcomes.ts';
import { services } from '../shared/services.ts';

app.http('list-record-outcomes', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('list-record-outcomes', services),
  route: 'records/{table}/{id}/outcomes',
  handler: routeHandler(services, showRecordOutcomes),
});
