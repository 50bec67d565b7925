import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { packageApp } from '../../infra/scripts/package.ts';
import { post, twoTables } from '../operate/sample-stack.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';

/** OpenTelemetry is loaded by name, when it is needed: the package must have it where it is looked for. */
describe('telemetry of the packaged app', () => {
  let folder: string;
  let receiver: OtlpReceiver;
  let stack: TestStack;

  beforeAll(async () => {
    // Outside the project, so that nothing of the project's node_modules can be found from there.
    folder = await mkdtemp(join(tmpdir(), 'backstamp-telemetry-'));
    receiver = await startOtlpReceiver();
    const app = await packageApp(join(folder, 'package'));
    stack = await startTestStack({
      appDir: app.folder,
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify(twoTables),
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        // Nobody listens there: what cannot be sent must not hold anything up for long.
        APPLICATIONINSIGHTS_CONNECTION_STRING:
          'InstrumentationKey=11111111-1111-4111-8111-111111111111;IngestionEndpoint=https://127.0.0.1:9/',
        APPLICATION_INSIGHTS_NO_STATSBEAT: 'true',
      },
    });
  });
  afterAll(async () => {
    await stack?.stop();
    await receiver?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('reaches both receivers’ exporters from the bundle, and the answer does not wait for the one that is away', async () => {
    const tooLong = setTimeout(30_000, undefined, { ref: false });
    const response = await Promise.race([post(stack, '/api/unification-events', { eventId: 'packaged' }), tooLong]);

    expect(response?.status).toBe(202);
    await vi.waitUntil(() => receiver.logs.some(({ body }) => body === 'Run begun'), { timeout: 20_000 });
    expect(receiver.spans.map(({ name }) => name)).toContain('send unification-events');
    expect(receiver.points.map(({ metric }) => metric)).toContain('backstamp.events');
    expect(stack.log.filter((line) => line.includes('Telemetry cannot be exported'))).toEqual([]);
  });
});
