import { app } from '@azure/functions';
import { startRun } from '../shared/api/steer-runs.ts';
import { services } from '../shared/services.ts';

const parts = services();

app.http('start-run', {
  methods: ['POST'],
  authLevel: 'function',
  route: 'runs',
  handler: (request) => startRun(parts, request),
});
