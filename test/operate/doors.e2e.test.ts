import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../shared/api/operations.ts';
import { acceptedSchema, runListSchema } from '../../shared/api/schemas.ts';
import { problemSchema } from '../../shared/contracts/problem.ts';
import type { TestStack } from '../support/stack.ts';
import { endOf, post, startWith, twoTables } from './sample-stack.ts';

describe('the doors of the running app', () => {
  let stack: TestStack;
  const event = { specversion: '1.0', id: 'a', source: 'test', type: 'Backstamp.UnificationCompleted' };
  const runsSoFar = async () => runListSchema.parse(await (await stack.call('/api/runs')).json()).runs;
  const queued = async (queue: string): Promise<unknown> => {
    const response = await fetch(`${stack.brokerControlUrl}/__control/queues/${queue}`);
    return ((await response.json()) as { counts: unknown }).counts;
  };

  beforeAll(async () => {
    stack = await startWith(twoTables);
  });
  afterAll(async () => {
    await stack?.stop();
  });

  it.each([
    ['is no JSON', '{"id":', 'body'],
    ['has no id', { ...event, id: undefined }, 'id'],
    ['has an id of another type', { ...event, id: 7 }, 'id'],
    ['is of an unknown version', { ...event, specversion: '2.0' }, 'specversion'],
    ['is of another type', { ...event, type: 'Something.Else' }, 'type'],
    ['is a plain body without an id', {}, 'eventId'],
    ['is a plain body of an unknown version', { schema: 'backstamp.unification-event/2', eventId: 'a' }, 'schema'],
    ['is a list', [event], 'body'],
    ['is oversized', { ...event, data: { more: 'x'.repeat(70_000) } }, 'body'],
  ])('refuses an event that %s, by the name of the field, and leaves no trace', async (_, body, field) => {
    const response = await stack.call('/api/unification-events', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

    expect([400, 413]).toContain(response.status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(problemSchema.parse(await response.json()).errors?.map((error) => error.field)).toContain(field);
    const empty = { active: 0, scheduled: 0, deferred: 0, deadLetter: 0, locked: 0 };
    expect(await queued('unification-events')).toMatchObject(empty);
    expect(await runsSoFar()).toEqual([]);
  });

  it('answers the handshake of CloudEvents', async () => {
    const response = await stack.call('/api/unification-events', {
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'eventgrid.azure.net' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('webhook-allowed-origin')).toBe('eventgrid.azure.net');
  });

  it.each([
    ['continuation=x', 'continuation'],
    ['continuation=%F0%9F%98%80', 'continuation'],
    [`continuation=${Buffer.from('{"nextPartitionKey":"\u0000","nextRowKey":"!"}').toString('base64')}`, undefined],
    [`continuation=${Buffer.from('{"nextPartitionKey":"zzz"}').toString('base64')}`, undefined],
    ['pageSize=0', 'pageSize'],
  ])('never answers a made-up page (%s) with a fault of its own', async (query, field) => {
    const response = await stack.call(`/api/runs?${query}`);
    expect(response.status).toBeLessThan(500);
    if (field !== undefined) expect(await response.json()).toMatchObject({ status: 400, errors: [{ field }] });
  });

  it('takes the same event three times at once, and once more later, for one run', async () => {
    const body = { ...event, id: 'thrice' };

    const responses = await Promise.all([1, 2, 3].map(() => post(stack, '/api/unification-events', body)));
    const answers = await Promise.all(responses.map(async (one) => acceptedSchema.parse(await one.json())));
    const runId = answers[0]?.runId ?? '';
    await endOf(stack, runId);
    await post(stack, '/api/unification-events', body);
    await expect.poll(() => queued('unification-events')).toMatchObject({ active: 0, deadLetter: 0 });

    expect(new Set(answers.map((answer) => answer.runId))).toEqual(new Set([runId]));
    expect((await runsSoFar()).filter((run) => run.eventId === 'thrice')).toHaveLength(1);
  });

  it('shows and does nothing without the key, or with a wrong one, on any route but the open ones', async () => {
    const before = await runsSoFar();
    for (const { method, path, needsKey } of operations) {
      const url = `${stack.hostUrl}/api${path.replace('{runId}', before[0]?.runId ?? '').replaceAll(/\{\w+\}/g, 'contact')}`;
      for (const headers of [{}, { 'x-functions-key': 'wrong' }, { 'x-functions-key': '' }] as Record<
        string,
        string
      >[]) {
        const body = method === 'post' ? JSON.stringify({ ...event, id: 'intruder', mode: 'full' }) : null;
        const response = await fetch(url, { method: method.toUpperCase(), headers, body });
        const text = await response.text();
        if (needsKey) expect({ path, status: response.status, text }).toEqual({ path, status: 401, text: '' });
        else expect({ path, status: response.status }).toEqual({ path, status: 200 });
      }
    }
    expect(await runsSoFar()).toEqual(before);
    expect(await queued('unification-events')).toMatchObject({ active: 0 });
  });

  it('serves the OpenAPI document', async () => {
    const response = await stack.call('/api/openapi.json');
    expect(await response.json()).toMatchObject({ openapi: '3.1.0', paths: { '/runs/{runId}': {} } });
  });
});
