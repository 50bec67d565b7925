import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../shared/api/operations.ts';
import { aboutSchema, acceptedSchema, auditListSchema } from '../../shared/api/schemas.ts';
import { runWithTasksSchema } from '../../shared/contracts/run.ts';
import { twoTables } from '../operate/sample-stack.ts';
import { principalHeaders } from '../support/principal.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const [kim, lee] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];

/** The stack plays App Service: it lets the headers through that the platform puts on a request. */
describe('an app that people sign in to', () => {
  const operator = principalHeaders({ id: kim, name: 'kim@contoso.com', roles: ['Backstamp.Operator'] });
  const reader = principalHeaders({ id: lee, name: 'lee@contoso.com', roles: ['Backstamp.Reader'] });
  const nobody = principalHeaders({ id: lee });
  let stack: TestStack;
  let runId = '';

  /** A browser has no key. */
  const call = (headers: Record<string, string>, method: string, path: string, body?: unknown) =>
    fetch(`${stack.hostUrl}/api${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  beforeAll(async () => {
    stack = await startTestStack({
      settings: { BACKSTAMP_UNIFICATION: JSON.stringify(twoTables), WEBSITE_AUTH_ENABLED: '1' },
    });
  });
  afterAll(() => stack?.stop());

  it('lets an operator start and cancel a run', async () => {
    const started = await call(operator, 'POST', '/runs', { mode: 'full' });
    expect(started.status).toBe(202);
    ({ runId } = acceptedSchema.parse(await started.json()));
    await expect.poll(async () => (await call(reader, 'GET', `/runs/${runId}`)).status).toBe(200);
    expect([200, 409]).toContain((await call(operator, 'POST', `/runs/${runId}/cancel`)).status);
    const run = runWithTasksSchema.parse(await (await call(reader, 'GET', `/runs/${runId}`)).json());
    expect(run.startedBy).toEqual({ kind: 'person', id: kim, name: 'kim@contoso.com' });
  });

  it('lets a reader see, and do nothing', async () => {
    for (const { method, path, role } of operations) {
      if (role !== 'operator') continue;
      const answer = await call(reader, method.toUpperCase(), path.replace('{runId}', runId), { mode: 'full' });
      expect({ path, status: answer.status }).toEqual({ path, status: 403 });
    }
    const { you, signIn } = aboutSchema.parse(await (await call(reader, 'GET', '/about')).json());
    expect({ you, signIn }).toMatchObject({ you: { id: lee, maySee: true, mayOperate: false }, signIn: true });
    const { entries } = auditListSchema.parse(await (await call(reader, 'GET', '/audit')).json());
    expect(entries.at(-1)).toMatchObject({ action: 'run', by: { id: kim, name: 'kim@contoso.com' }, runId });
    expect(entries.filter(({ by }) => by.id === lee)).toEqual([]);
  });

  it('tells whoever has no role what they need, and whoever did not sign in to do so', async () => {
    expect(await (await call(nobody, 'GET', '/runs')).json()).toMatchObject({
      status: 403,
      detail: expect.stringContaining('Backstamp.Reader'),
    });
    for (const key of [{}, { 'x-functions-key': stack.functionKey }] as Record<string, string>[]) {
      const answer = await call(key, 'GET', '/runs');
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('keeps the key on the door of events, and nothing on health', async () => {
    const event = { eventId: 'flow-1' };
    expect((await call({}, 'POST', '/unification-events', event)).status).toBe(401);
    expect((await call(operator, 'POST', '/unification-events', event)).status).toBe(401);
    expect((await call({ 'x-functions-key': stack.functionKey }, 'POST', '/unification-events', event)).status).toBe(
      202,
    );
    expect((await call({}, 'GET', '/health')).status).toBe(200);
  });

  it('answers HEAD wherever it answers GET', async () => {
    for (const path of ['/runs', '/status', '/health', `/runs/${runId}`]) {
      const answer = await call(reader, 'HEAD', path);
      expect({ path, status: answer.status, body: await answer.text() }).toEqual({ path, status: 200, body: '' });
    }
    expect((await call(nobody, 'HEAD', '/runs')).status).toBe(403);
  });

  it('refuses a parameter that it does not know, by name', async () => {
    const answer = await call(reader, 'GET', '/runs?pagesize=5&pageSize=5');
    expect(await answer.json()).toMatchObject({ status: 400, errors: [{ field: 'pagesize', in: 'query' }] });
    expect((await call(reader, 'GET', `/runs/${'x'.repeat(32)}`)).status).toBe(400);
    const badPath = await call(reader, 'GET', '/runs/xyz');
    expect(await badPath.json()).toMatchObject({ errors: [{ field: 'runId', in: 'path' }] });
  });
});
