import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { showCustomerRecords } from '../shared/api/show-customer-records.ts';
import { lookedThroughWithinMs } from '../shared/api/within-time.ts';
import { services } from '../shared/services.ts';

app.http('list-customer-records', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('list-customer-records', services),
  route: 'customers/{customerId}/records',
  handler: routeHandler(services, showCustomerRecords, lookedThroughWithinMs),
});
