import { app } from '@azure/functions';
import { keyLevel } from '../shared/api/admission.ts';
import { listAudit } from '../shared/api/audit.ts';
import { routeHandler } from '../shared/api/route-handler.ts';
import { services } from '../shared/services.ts';

app.http('list-audit', {
  methods: ['GET', 'HEAD'],
  authLevel: keyLevel('list-audit', services),
  route: 'audit',
  handler: routeHandler(services, listAudit),
});
