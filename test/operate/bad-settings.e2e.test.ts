import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../shared/api/operations.ts';
import { problemSchema } from '../../shared/contracts/problem.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

describe('an app with missing and bad settings', () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack({
      settings: { DATAVERSE_URL: 'ftp://contoso', BACKSTAMP_SLICE_SECONDS: '0', WEBSITE_AUTH_ENABLED: '1' },
    });
  });
  afterAll(async () => {
    await stack?.stop();
  });

  it('says on /api/health, to whoever asks, what is wrong with each of them', async () => {
    const response = await fetch(new URL('/api/health', stack.hostUrl));
    expect(response.status).toBe(503);
    const { detail } = problemSchema.parse(await response.json());
    for (const name of ['DATAVERSE_URL', 'BACKSTAMP_SLICE_SECONDS', 'BACKSTAMP_UNIFICATION']) {
      expect(detail).toContain(name);
    }
  });

  it.each(operations.filter(({ method, name }) => method !== 'options' && name !== 'check-health'))(
    'answers 503 on $method $path, and says where to ask',
    async ({ method, path }) => {
      const at = path
        .replace('{runId}', '0'.repeat(32))
        .replace('{table}', 'contact')
        .replace('{id}', '00000000-0000-4000-8000-000000000000');
      const response = await stack.call(`/api${path.startsWith('/') ? at : `/${at}`}`, {
        method: method.toUpperCase(),
      });
      expect(response.status).toBe(503);
      expect(problemSchema.parse(await response.json()).detail).toContain('/api/health');
    },
  );

  it('takes no message', async () => {
    expect(stack.functions.filter((name) => /^(orchestrate|link|record|watch|poll|read)-/.test(name))).toEqual([]);
    const client = new ServiceBusClient(stack.serviceBusConnectionString);
    await client.createSender('unification-events').sendMessages({ body: { eventId: 'a' }, messageId: 'a' });
    await client.close();
    const counts = (await (await fetch(`${stack.brokerControlUrl}/__control/queues/unification-events`)).json()) as {
      counts: unknown;
    };
    expect(counts.counts).toMatchObject({ active: 1, deadLetter: 0, locked: 0 });
  });

  it('says it in one line of the error log', () => {
    const lines = stack.log.filter((line) => line.includes('Missing or bad app settings'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('BACKSTAMP_UNIFICATION');
  });
});
