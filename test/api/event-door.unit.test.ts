import { HttpRequest } from '@azure/functions';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventDoor } from '../../shared/api/event-door.ts';
import { answerRequest } from '../../shared/api/route-handler.ts';
import { memoryParts } from './memory-parts.ts';
import { bodyOf } from './requests.ts';

const event = { specversion: '1.0', id: 'a', source: '/ci', type: 'Backstamp.UnificationCompleted' };

describe('the door of events', () => {
  let { parts, outbox } = memoryParts();
  beforeEach(() => {
    ({ parts, outbox } = memoryParts());
  });

  const post = async (body: string | Uint8Array, headers: Record<string, string> = {}) => {
    const init = typeof body === 'string' ? { string: body } : { bytes: body };
    const request = new HttpRequest({
      method: 'POST',
      url: 'http://127.0.0.1/api/unification-events',
      headers,
      body: init,
    });
    const answer = await answerRequest(parts, eventDoor, request);
    return { status: answer.status, body: bodyOf(answer) as { detail?: string; errors?: { field: string }[] }, answer };
  };
  const utf16 = (text: string, bigEndian = false): Uint8Array => {
    const bytes = Buffer.from(text, 'utf16le');
    return bigEndian ? bytes.swap16() : bytes;
  };

  it.each([
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${JSON.stringify(event)}`), 'application/json'],
    ['UTF-16 with a byte order mark', utf16(`\uFEFF${JSON.stringify(event)}`), 'application/json'],
    ['UTF-16, big end first', utf16(`\uFEFF${JSON.stringify(event)}`, true), 'application/json'],
    ['UTF-16 that the sender names', utf16(JSON.stringify(event)), 'application/json; charset=utf-16'],
  ])('reads %s', async (_, body, type) => {
    expect((await post(body, { 'content-type': type })).status).toBe(202);
    expect(outbox.events).toMatchObject([{ eventId: 'a', source: '/ci' }]);
  });

  it.each(['gzip', 'br', 'deflate, gzip'])(
    'refuses a body that is compressed by %s, and names it',
    async (encoding) => {
      const { status, body } = await post('x', { 'content-encoding': encoding });
      expect(status).toBe(415);
      expect(body.detail).toContain(encoding);
      expect(body.errors?.[0]?.field).toBe('Content-Encoding');
      expect(outbox.events).toEqual([]);
    },
  );

  it('says of events in the schema of Event Grid which one to choose', async () => {
    const validation = { id: '1', eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent', data: {} };
    const { status, body } = await post(JSON.stringify([validation]));
    expect(status).toBe(400);
    expect(body.detail).toContain('Cloud Event Schema v1.0');
  });

  const binary = {
    'ce-specversion': '1.0',
    'ce-id': 'Z%C3%BCrich%20%E2%82%AC',
    'ce-source': '/a%2Fb',
    'ce-type': event.type,
  };

  it('reads the headers of binary mode as they were encoded', async () => {
    expect((await post('{}', binary)).status).toBe(202);
    expect(outbox.events).toMatchObject([{ eventId: 'Zürich €', source: '/a/b' }]);
  });

  it('leaves a header that nobody encoded as it is', async () => {
    expect((await post('', { ...binary, 'ce-id': '100%' })).status).toBe(202);
    expect(outbox.events).toMatchObject([{ eventId: '100%' }]);
  });

  it('takes a structured event for what its media type says, whatever headers stand beside', async () => {
    await post(JSON.stringify(event), { ...binary, 'content-type': 'application/cloudevents+json; charset=utf-8' });
    expect(outbox.events).toMatchObject([{ eventId: 'a' }]);
  });

  it('knows an event by the flow run that posts it, where nothing else tells it', async () => {
    expect((await post('{}', { 'x-ms-workflow-run-id': '0858' })).status).toBe(202);
    expect((await post('{}')).status).toBe(400);
    expect(outbox.events).toMatchObject([{ eventId: '0858', source: 'flow' }]);
  });

  it.each(['messenger', 'runs'] as const)('answers 503 in time where %s never answers', async (part) => {
    const silent = new Proxy({}, { get: () => () => new Promise(() => undefined) });
    const request = new HttpRequest({
      method: 'POST',
      url: 'http://127.0.0.1/api/unification-events',
      body: { string: JSON.stringify(event) },
    });
    const answer = await answerRequest({ ...parts, [part]: silent }, eventDoor, request, undefined, 20);
    expect(answer.status).toBe(503);
    expect(new Headers(answer.headers as Record<string, string>).get('retry-after')).not.toBeNull();
  });

  it('tells two runs of the same id from two sources', async () => {
    const first = await post(JSON.stringify(event));
    const second = await post(JSON.stringify({ ...event, source: '/other' }));
    expect(first.body).not.toEqual(second.body);
  });
});
