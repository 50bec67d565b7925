import { app } from '@azure/functions';
import { watchSegments } from '../shared/segments/watch-segments.ts';
import { whenConfigured } from '../shared/services.ts';
import { invocationOf } from '../shared/telemetry/invocation.ts';

whenConfigured((parts) => {
  app.timer('watch-segments', {
    schedule: '30 */5 * * * *',
    handler: (_timer, context) => parts.telemetry.invocation(invocationOf(context), () => watchSegments(parts)),
  });
});
