import { app } from '@azure/functions';
import { watchSegments } from '../shared/segments/watch-segments.ts';
import { services } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

const parts = services();

app.timer('watch-segments', {
  schedule: '30 */5 * * * *',
  handler: (_timer, context) => parts.telemetry.invocation(invocationOf(context), () => watchSegments(parts)),
});
