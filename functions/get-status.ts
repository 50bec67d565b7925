import { app } from '@azure/functions';
import { showStatus } from '../shared/api/show-runs.ts';
import { services } from '../shared/services.ts';

const parts = services();

app.http('get-status', { methods: ['GET'], authLevel: 'function', route: 'status', handler: () => showStatus(parts) });
