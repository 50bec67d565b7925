import { app } from '@azure/functions';
import { watchRuns } from '../shared/linking/watch-runs.ts';
import { services } from '../shared/services.ts';

const parts = services();

app.timer('watch-runs', {
  schedule: '0 */5 * * * *',
  handler: () => watchRuns(parts),
});
