import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, functionKey, type HostProcess, masterKey, startHostProcess } from './host-process.ts';

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess(fixture('http-app'), { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000' });
});
afterAll(async () => {
  await host.process.stop();
});

const call = (path: string, init?: RequestInit): Promise<Response> => fetch(`${host.url}${path}`, init);

describe('an HTTP function', () => {
  it('is listed in the ready line', () => {
    expect(host.process.ready).toMatchObject({ ready: 'host', functions: expect.arrayContaining(['echo', 'yearly']) });
  });

  it('gets method, address, parameters, query, header and body', async () => {
    const response = await call('/api/echo/ann/a/b%20c?x=1&y=', {
      method: 'POST',
      headers: { 'x-custom': 'yes' },
      body: 'hällo',
    });

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      method: 'POST',
      url: `${host.url}/api/echo/ann/a/b%20c?x=1&y=`,
      params: { name: 'ann', rest: 'a/b c' },
      query: { x: '1', y: '' },
      custom: 'yes',
      body: 'hällo',
    });
  });

  it('gets the values of a repeated query parameter in one, and no trigger metadata', async () => {
    const answer = await (await call('/api/echo/ann?x=1&x=2')).json();

    expect(answer).toMatchObject({ query: { x: '1,2' }, metadata: null });
  });

  it('continues the trace of its caller; without one there is none', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const continued = (await (
      await call('/api/echo/ann', { headers: { traceparent, tracestate: 'a=b' } })
    ).json()) as Record<string, string>;
    const begun = (await (await call('/api/echo/ann')).json()) as Record<string, string>;

    expect(continued.traceParent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(continued.traceParent).not.toContain('b7ad6b7169203331');
    expect(continued.traceState).toBe('a=b');
    expect(begun.traceParent).toBe('');
  });

  it('is found by its name where it has no route, whatever the case', async () => {
    expect(await (await call('/api/PLAIN')).text()).toBe('plain');
  });

  it('is not found by another method, prefix or path', async () => {
    for (const [path, method] of [
      ['/api/plain', 'DELETE'],
      ['/plain', 'GET'],
      ['/api/plain/more', 'GET'],
      ['/api/runs/ten', 'GET'],
      ['/api/%zz', 'GET'],
      ['/', 'GET'],
      ['/api/cookies', 'HEAD'],
    ] as const) {
      const response = await call(path, { method });
      expect([path, response.status, await response.text()]).toEqual([path, 404, '']);
    }
  });

  it('gets optional parameters only where they are given', async () => {
    expect(await (await call('/api/runs/10')).json()).toEqual({ id: '10' });
    expect(await (await call('/api/runs/10/csv')).json()).toEqual({ id: '10', format: 'csv' });
  });

  it('answers HEAD without the body, and OPTIONS where it takes it', async () => {
    const head = await call('/api/echo/ann', { method: 'HEAD' });
    const options = await call('/api/echo/ann', { method: 'OPTIONS' });

    expect([head.status, await head.text(), Number(head.headers.get('content-length')) > 100]).toEqual([200, '', true]);
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET']);
  });

  it('answers with status, header, cookies and bytes', async () => {
    const response = await call('/api/cookies');

    expect(response.status).toBe(201);
    expect(response.headers.get('x-answer')).toBe('42');
    expect(response.headers.getSetCookie()).toEqual(['session=a%20b; max-age=60; path=/; samesite=strict; httponly']);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255, 1]);
  });

  it('may answer with a stream, or nothing', async () => {
    const nothing = await call('/api/nothing');

    expect(await (await call('/api/stream')).text()).toBe('one,two');
    expect([nothing.status, await nothing.text()]).toEqual([204, '']);
  });

  it('that throws answers 500 without a body, and the reason is in the log', async () => {
    const response = await call('/api/throws');

    expect([response.status, await response.text()]).toEqual([500, '']);
    expect(await host.line(/error throws: Failed/)).toContain('deliberate failure ⏎ at handler');
  });

  it('writes to the log, one line per record, above the level only', async () => {
    await call('/api/says');

    expect(await host.line(/says: two/)).toMatch(/error says: two ⏎ lines$/);
    expect(await host.line(/says: said/)).toMatch(/info {2}says: said \{ at: 'info' \}$/);
    expect(host.lines.filter((line) => /whispered|Executed/.test(line))).toEqual([]);
  });

  it('is not run for a body above the limit, announced or not', async () => {
    const announced = await call('/api/echo/ann', { method: 'POST', body: 'x'.repeat(1001) });
    const chunked = await new Promise((resolve, reject) => {
      const request = httpRequest(`${host.url}/api/echo/ann`, { method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.write('x'.repeat(600));
      request.end('x'.repeat(600));
    });

    expect([announced.status, chunked]).toEqual([500, 500]);
    expect(await host.line(/error echo: Request body too large/)).toContain('is 1000 bytes');
  });
});

describe('keys', () => {
  const withKey = (path: string, key: string | undefined): Promise<Response> =>
    call(path, key === undefined ? {} : { headers: { 'x-functions-key': key } });

  it.each([
    ['/api/closed', undefined, 401],
    ['/api/closed', 'wrong', 401],
    ['/api/closed', functionKey, 200],
    ['/api/closed', masterKey, 200],
    ['/api/vault', functionKey, 401],
    ['/api/vault', masterKey, 200],
    ['/api/plain', 'wrong', 200],
    ['/admin/host/status', functionKey, 401],
    ['/admin/host/status', masterKey, 200],
    ['/admin/host/ping', undefined, 200],
  ])('%s with %s: %i', async (path, key, status) => {
    const response = await withKey(path, key);

    expect(response.status).toBe(status);
    if (status === 401) expect(await response.text()).toBe('');
  });

  it('may also come in the query', async () => {
    expect((await call(`/api/closed?code=${functionKey}`)).status).toBe(200);
    expect((await call(`/api/closed?Code=${functionKey}`)).status).toBe(200);
  });
});

describe('POST /admin/functions/{name}', () => {
  const run = (name: string, body: unknown, key = masterKey): Promise<Response> =>
    call(`/admin/functions/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-functions-key': key },
      body: JSON.stringify(body),
    });

  it('runs an Event Hubs function with a batch of one', async () => {
    const response = await run('readEvents', { input: '{"records":[1]}' });

    expect([response.status, await response.text()]).toEqual([202, '']);
    expect(await host.line(/readEvents: events/)).toContain('events [{"records":[1]}]');
  });

  it('runs a timer function', async () => {
    await run('yearly', { input: '' });

    const line = await host.line(/yearly: timer/);
    expect(JSON.parse(line.slice(line.indexOf('{')))).toEqual({
      schedule: { adjustForDST: true },
      scheduleStatus: null,
      isPastDue: false,
    });
  });

  it('refuses a wrong key, an unknown function and a body that is no object', async () => {
    expect((await run('yearly', { input: '' }, functionKey)).status).toBe(401);
    expect((await run('unknown', { input: '' })).status).toBe(404);
    expect((await run('yearly', 'text')).status).toBe(400);
  });
});
