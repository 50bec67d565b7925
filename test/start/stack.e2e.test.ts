import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localClientId, startStack } from '../../local/stack.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const appDir = fileURLToPath(new URL('./fixtures/stack-app', import.meta.url));

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack({ appDir, settings: { OWN_SETTING: 'mine' } });
});
afterAll(async () => {
  await stack.stop();
});

const post = (id: string): Promise<Response> => stack.call(`/api/notes/${id}`, { method: 'POST' });
const status = async (id: string): Promise<number> => (await stack.call(`/api/notes/${id}`)).status;
const isReachable = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

describe('the embedded stack', () => {
  it('runs an app over all its parts', async () => {
    expect((await post('first')).status).toBe(202);
    await expect.poll(() => status('first'), { timeout: 10_000 }).toBe(200);

    const settings = await (await stack.call('/api/settings')).json();
    // The stand-in answers, and asks for the token that this call does not carry.
    expect(settings).toEqual({ own: 'mine', client: localClientId, dataverse: 401 });
  });

  it('guards the app by its keys', async () => {
    expect((await fetch(`${stack.hostUrl}/api/settings`)).status).toBe(401);
    const byMaster = await fetch(`${stack.hostUrl}/api/settings`, { headers: { 'x-functions-key': stack.masterKey } });
    expect(byMaster.status).toBe(200);
  });

  it('goes on with a message after the host was killed and started again', async () => {
    const end = await stack.kill('host');
    expect(end.signal).toBe('SIGKILL');
    expect(await isReachable(stack.hostUrl)).toBe(false);

    await stack.restart('host');
    await post('after-kill');

    await expect.poll(() => status('after-kill'), { timeout: 10_000 }).toBe(200);
  });

  it('restarts the broker and the tables on their ports', async () => {
    await stack.restart('broker');
    await stack.restart('tables');
    await expect.poll(async () => (await post('after-restart')).status, { timeout: 20_000 }).toBe(202);

    await expect.poll(() => status('after-restart'), { timeout: 30_000 }).toBe(200);
  });

  it('leaves nothing running when a part cannot start', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const dataverse = (free.address() as { port: number }).port;
    await new Promise((resolve) => free.close(resolve));

    const attempt = startStack({ appDir, ports: { host: port, dataverse } });

    await expect(attempt).rejects.toThrow(`host could not start: Port ${port} is in use`);
    expect(await isReachable(`http://127.0.0.1:${dataverse}`)).toBe(false);
    server.close();
  });

  it('stops everything', async () => {
    await stack.stop();

    for (const url of [stack.hostUrl, stack.dataverseUrl, stack.brokerControlUrl]) {
      expect(await isReachable(url)).toBe(false);
    }
  });
});
