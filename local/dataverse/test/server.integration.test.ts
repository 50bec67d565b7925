import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { writeToken } from '../security/token.ts';
import { type RunningDataverse, startDataverse } from '../server.ts';
import { CLIENT, guid, TABLES } from './support.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

describe('the server', () => {
  let dataverse: RunningDataverse;
  const start = async () => {
    dataverse = await startDataverse();
    const post = (path: string, body: unknown, method = 'POST') =>
      fetch(`${dataverse.url}/__control/${path}`, {
        method,
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    await post('tables', TABLES);
    await post(`application-users/${CLIENT}`, { privileges: 'all' }, 'PUT');
    const headers = { authorization: `Bearer ${writeToken(CLIENT, dataverse.url, Date.now() + 60_000)}` };
    const get = (path: string) => fetch(`${dataverse.url}/api/data/v9.2/${path}`, { headers });
    return { post, get, headers };
  };
  afterEach(() => dataverse.close());

  it('answers over HTTP, links included, and takes a bulk load in pieces', async () => {
    const { post, get, headers } = await start();
    const lines = Array.from({ length: 3_000 }, (_, i) => JSON.stringify({ contactid: guid(i), lastname: `Ærø ${i}` }));

    const loaded = await post('rows/contact', lines.join('\n'));
    const first = await get('contacts?$select=lastname');
    const page = await fetch(`${dataverse.url}/api/data/v9.2/contacts?$select=lastname&$filter=lastname ne 'x'`, {
      headers: { ...headers, prefer: 'odata.maxpagesize=2000' },
    });
    const { '@odata.nextLink': link } = (await page.json()) as Record<string, string>;
    const second = (await (await fetch(link as string, { headers })).json()) as { value: { lastname: string }[] };
    const patched = await fetch(`${dataverse.url}/api/data/v9.2/contacts(${guid(1)})`, {
      method: 'PATCH',
      headers: { ...headers, 'if-match': '*' },
      body: JSON.stringify({ lastname: 'x' }),
    });

    expect(await loaded.json()).toEqual({ written: 3_000, deleted: 0 });
    expect(((await first.json()) as { value: unknown[] }).value).toHaveLength(3_000);
    expect(second.value.map((row) => row.lastname)).toEqual(
      Array.from({ length: 1_000 }, (_, i) => `Ærø ${i + 2_000}`),
    );
    expect(patched.status).toBe(204);
    expect(patched.headers.get('odata-version')).toBe('4.0');
  });

  it('drops connections, delays and fails requests on demand, before or after their effect', async () => {
    const { post, get, headers } = await start();
    await post('rows/contact', JSON.stringify({ contactid: guid(1), lastname: 'old' }));
    const rename = (lastname: string) =>
      fetch(`${dataverse.url}/api/data/v9.2/contacts(${guid(1)})`, {
        method: 'PATCH',
        headers,
        body: JSON.stringify({ lastname }),
      });
    const name = async () =>
      ((await (await get(`contacts(${guid(1)})?$select=lastname`)).json()) as { lastname: string }).lastname;

    await post('faults', { match: { kind: 'update' }, times: 1, fault: { status: 503, retryAfter: 7 } });
    const refused = await rename('before');
    const untouched = await name();
    await post('faults', {
      match: { method: 'PATCH', path: '^contacts' },
      times: 1,
      after: 'after',
      fault: { drop: true },
    });
    await expect(rename('after')).rejects.toThrow();
    const written = await name();
    await post('faults', [
      { match: { kind: 'whoAmI' }, fault: { delayMs: 50 } },
      { match: { clientId: guid(5) }, fault: { status: 500 } },
    ]);
    const began = performance.now();
    const delayed = await get('WhoAmI');
    const took = performance.now() - began;
    await fetch(`${dataverse.url}/__control/faults`, { method: 'DELETE' });

    expect([refused.status, refused.headers.get('retry-after'), untouched]).toEqual([503, '7', 'old']);
    expect(written).toBe('after');
    expect(delayed.status).toBe(200);
    expect(took).toBeGreaterThanOrEqual(49);
    expect((await rename('fine')).status).toBe(204);
  });

  it('says what is wrong with a request to its control plane', async () => {
    const { post } = await start();
    const error = async (answer: Promise<Response>) => {
      const response = await answer;
      return [response.status, ((await response.json()) as { error: string }).error];
    };

    expect(await error(post('rows/nothing', '{}'))).toEqual([404, expect.stringContaining("no table 'nothing'")]);
    expect(await error(post('rows/contact', `{"contactid":"${guid(1)}"}\n{"surname":1}`))).toEqual([
      400,
      "Line 2: table 'contact' has no column 'surname'.",
    ]);
    expect(await error(post('limits', { nonsense: 1 }))).toEqual([400, expect.stringContaining('nonsense')]);
    expect(await error(post('tables', { logicalName: 'Upper' }))).toEqual([400, expect.any(String)]);
    expect(await error(post('tables', '{'))).toEqual([400, expect.stringContaining('not valid')]);
    expect(await error(post('nowhere', {}))).toEqual([404, expect.stringContaining('nowhere')]);
    await post('reset', {});
    expect(await error(post('rows/contact', '{}'))).toEqual([404, expect.any(String)]);
  });
});

describe('node local/dataverse/main.ts', () => {
  it('says when it is ready, and ends when told to', async () => {
    const child = spawn(process.execPath, [MAIN, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { ready, port } = JSON.parse(line.toString()) as { ready: string; port: number };
    const answer = await fetch(`http://127.0.0.1:${port}/__control/stats`);

    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];

    expect([ready, answer.status, code]).toEqual(['dataverse', 200, 0]);
  });

  it('says in one line that its port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as { port: number };
    const child = spawn(process.execPath, [MAIN, '--port', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));

    const [code] = (await once(child, 'close')) as [number];
    blocker.close();

    expect(code).toBe(1);
    expect(Buffer.concat(chunks).toString()).toBe(
      `Dataverse stand-in: Port ${port} is in use: stop what listens there, or choose another with --port.\n`,
    );
  });
});
