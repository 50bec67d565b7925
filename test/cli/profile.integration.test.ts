import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../cli/run-command.ts';
import type { ProfileAnswer } from '../../shared/contracts/profile.ts';

const answer: ProfileAnswer = {
  linked: true,
  table: 'lead',
  id: '1',
  profile: {
    id: '2',
    customerId: 'c',
    attributes: { msdynci_city: null },
    measures: [],
    segments: [{ name: 'HighValue', provider: 'CustomerInsights' }],
    predictions: [],
    activities: [{ id: 'a', type: 'Purchase', title: null, time: null }],
    withheld: ['measures', 'predictions'],
    incomplete: [],
  },
};

describe('backstamp profile', () => {
  const seen: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const server = createServer(({ url, headers }, response) => {
    seen.push({ url, headers });
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  async function backstamp(environment: Record<string, string>) {
    const { port } = server.address() as AddressInfo;
    let out = '';
    const code = await runCommand(['profile', 'lead', 'a/b'], {
      environment: { BACKSTAMP_URL: `http://127.0.0.1:${port}`, BACKSTAMP_KEY: 'key', ...environment },
      write: (text) => {
        out += text;
      },
      complain: () => undefined,
      askSecretly: async () => undefined,
      sleep: async () => undefined,
      now: Date.now,
    });
    return { code, out, request: seen.at(-1) };
  }

  it('asks as the person whose token it was given, and as nobody without one', async () => {
    const signedIn = await backstamp({ BACKSTAMP_TOKEN: 'token' });
    const anonymous = await backstamp({ BACKSTAMP_TOKEN: '' });

    expect(signedIn.request?.headers).toMatchObject({ authorization: 'Bearer token', 'x-functions-key': 'key' });
    expect(anonymous.request?.headers).not.toHaveProperty('authorization');
    expect(signedIn.request?.url).toBe('/api/records/lead/a%2Fb/profile');
  });

  it('shows what there is, leaves out what is empty, and names what is withheld', async () => {
    expect(await backstamp({})).toMatchObject({
      code: 0,
      out: [
        'Customer c',
        'attributes',
        '  msdynci_city  –',
        'segments',
        '  HighValue  CustomerInsights',
        'latest activities',
        '  –  Purchase',
        'You may not read: measures, predictions.',
        '',
      ].join('\n'),
    });
  });
});
