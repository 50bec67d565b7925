import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { parseUnificationEvent } from '../contracts/foreign-event.ts';
import { fieldErrors } from '../contracts/problem.ts';
import { type EventIdentity, eventOf, runIdOf, type UnificationEvent } from '../contracts/unification-event.ts';
import type { RunParts } from '../runs/parts.ts';
import { badRequest, ok, problem } from './http-response.ts';
import { RefusedRequest } from './refused-request.ts';
import { readJsonBody } from './request-body.ts';
import type { Accepted } from './schemas.ts';

/** POST takes in an event, OPTIONS answers the handshake of who wants to send some. */
export const eventDoor = async (
  parts: Pick<RunParts, 'messenger' | 'runs' | 'telemetry' | 'now'>,
  request: HttpRequest,
): Promise<HttpResponseInit> =>
  request.method === 'OPTIONS' ? answerHandshake(request) : receiveEvent(parts, request);

/**
 * The handshake of CloudEvents' webhook specification: a sender asks whether its events are welcome here. The door is
 * guarded by its key, so whoever comes this far is.
 */
function answerHandshake(request: HttpRequest): HttpResponseInit {
  const origin = request.headers.get('webhook-request-origin');
  if (origin === null)
    return badRequest('This is no handshake.', [
      { field: 'WebHook-Request-Origin', message: 'the header is missing', in: 'header' },
    ]);
  return {
    status: 200,
    headers: { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '120', allow: 'POST, OPTIONS' },
  };
}

/** Takes in a unification event: a CloudEvent, structured or binary, or the plain body that a flow posts. */
async function receiveEvent(
  parts: Pick<RunParts, 'messenger' | 'runs' | 'telemetry' | 'now'>,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const contentType = (request.headers.get('content-type') ?? '').toLowerCase();
  if (contentType.includes('cloudevents-batch')) {
    return problem(
      415,
      'Unsupported media type',
      'Batches of CloudEvents are not taken: switch batching off at the sender.',
      {
        errors: [
          { field: 'Content-Type', message: 'must be application/cloudevents+json or application/json', in: 'header' },
        ],
      },
    );
  }
  const body = await readJsonBody(request);
  if (Array.isArray(body)) throw refusedList(body);
  // A structured event says so by its media type, whatever headers stand beside.
  const isStructured = contentType.includes('application/cloudevents');
  const parsed = parseUnificationEvent((isStructured ? undefined : binaryModeEvent(request)) ?? body, {
    now: parts.now(),
    flowRunId: request.headers.get('x-ms-workflow-run-id') ?? undefined,
  });
  if (!parsed.success) {
    return badRequest(
      'The unification event is not one that is understood here; nothing was started.',
      fieldErrors(parsed.error, 'body'),
    );
  }
  // An operator's modes have a door of their own, with their own checks.
  const event: UnificationEvent = { ...eventOf(parsed.data, parsed.data.occurredAt), startedBy: { kind: 'key' } };
  // Who sent it is on record before the message points at it: the message alone could name anybody.
  await parts.runs.order(event);
  await parts.messenger.sendUnificationEvent(event);
  parts.telemetry.count('backstamp.events', 1, { door: 'http' });
  return accepted(event);
}

/** Event Grid's own schema, and batches of any other, come as lists. */
function refusedList([first]: readonly unknown[]): RefusedRequest {
  const isEventGrid = typeof first === 'object' && first !== null && 'eventType' in first;
  return new RefusedRequest(
    badRequest(
      isEventGrid
        ? 'This is an event in Event Grid\'s own schema: choose "Cloud Event Schema v1.0" as the event schema of the subscription.'
        : 'A list of events is not taken: send one event in each request.',
      [{ field: 'body', message: 'must be one CloudEvents 1.0 event, or the plain body of a flow' }],
    ),
  );
}

/**
 * Binary mode of CloudEvents: the attributes travel as headers, the body is the data alone. Characters that a header
 * cannot carry are percent-encoded.
 */
function binaryModeEvent(request: HttpRequest): unknown {
  if (!request.headers.has('ce-specversion')) return undefined;
  const attribute = (name: string) => percentDecoded(request.headers.get(`ce-${name}`) ?? undefined);
  return {
    specversion: attribute('specversion'),
    id: attribute('id'),
    source: attribute('source'),
    type: attribute('type'),
    time: attribute('time'),
  };
}

/** A value that is not what encoding makes of a text stays as it is. */
function percentDecoded(value: string | undefined): string | undefined {
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Says under which id the run that answers an event can be seen. */
export function accepted(event: EventIdentity): HttpResponseInit {
  const answer: Accepted = { eventId: event.eventId, runId: runIdOf(event) };
  return ok(answer, 202, { location: `/api/runs/${answer.runId}` });
}
