import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { fieldErrors } from '../contracts/problem.ts';
import { parseUnificationEvent, runIdOf, type UnificationEvent } from '../contracts/unification-event.ts';
import type { Parts } from '../linking/parts.ts';
import { badRequest, ok, problem } from './http-response.ts';

/** Largest event taken in, in bytes; a real one has a few hundred. */
export const maxEventBytes = 64 * 1024;

/**
 * The handshake of CloudEvents' webhook specification: a sender asks whether its events are welcome here. The door is
 * guarded by its key, so whoever comes this far is.
 */
export function answerHandshake(request: HttpRequest): HttpResponseInit {
  const origin = request.headers.get('webhook-request-origin');
  if (origin === null)
    return badRequest('This is no handshake.', [{ field: 'WebHook-Request-Origin', message: 'the header is missing' }]);
  return {
    status: 200,
    headers: { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '120', allow: 'POST, OPTIONS' },
  };
}

/** Takes in a unification event: a CloudEvent, structured or binary, or the plain body that a flow posts. */
export async function receiveEvent(parts: Parts, request: HttpRequest): Promise<HttpResponseInit> {
  const read = await readBody(request);
  if ('answer' in read) return read.answer;
  const parsed = parseUnificationEvent(read.body, parts.now());
  if (!parsed.success) {
    return badRequest(
      'The unification event is not one that is understood here; nothing was started.',
      fieldErrors(parsed.error),
    );
  }
  // An operator's modes have a door of their own, with their own checks.
  const event: UnificationEvent = { ...parsed.data, mode: 'incremental', tables: undefined, confirm: undefined };
  await parts.messenger.sendUnificationEvent(event);
  parts.telemetry.count('backstamp.events', 1, { door: 'http' });
  const runId = runIdOf(event.eventId);
  return { ...ok({ eventId: event.eventId, runId }, 202), headers: { location: `/api/runs/${runId}` } };
}

async function readBody(request: HttpRequest): Promise<{ body: unknown } | { answer: HttpResponseInit }> {
  const contentType = (request.headers.get('content-type') ?? '').toLowerCase();
  if (contentType.includes('cloudevents-batch')) {
    return {
      answer: problem(
        415,
        'Unsupported media type',
        'Batches of CloudEvents are not taken: switch batching off at the sender.',
        [{ field: 'Content-Type', message: 'must be application/cloudevents+json or application/json' }],
      ),
    };
  }
  const text = await request.text();
  if (Buffer.byteLength(text) > maxEventBytes) {
    return {
      answer: problem(413, 'Content too large', `An event may have ${maxEventBytes} bytes.`, [
        { field: 'body', message: `has more than ${maxEventBytes} bytes` },
      ]),
    };
  }
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    return { answer: badRequest('The body is not JSON.', [{ field: 'body', message: 'must be JSON' }]) };
  }
  // Binary mode: the attributes travel as headers, the body is the data alone.
  if (request.headers.has('ce-specversion')) {
    const attribute = (name: string) => request.headers.get(`ce-${name}`) ?? undefined;
    body = {
      specversion: attribute('specversion'),
      id: attribute('id'),
      source: attribute('source'),
      type: attribute('type'),
      time: attribute('time'),
    };
  }
  return { body };
}
