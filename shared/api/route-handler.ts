import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { z } from 'zod';
import { type FieldPlace, fieldErrors } from '../contracts/problem.ts';
import { isRetryableError, isTerminalError, logTextOf, messageOf } from '../errors.ts';
import type { RunParts } from '../runs/parts.ts';
import { invocationOf } from '../telemetry/invocation.ts';
import { type AdmissionParts, admit } from './admission.ts';
import { type Caller, keyHolder, mayHearQuotes } from './caller.ts';
import { badRequest, problem } from './http-response.ts';
import { refuseUnknownQuery } from './known-query.ts';
import { withoutQuotesIn } from './quoted-words.ts';
import { RefusedRequest } from './refused-request.ts';
import { spareTraffic } from './spare-traffic.ts';
import { answeredWithinMs, withinTime } from './within-time.ts';

/** Pause that a caller is asked for where a service of ours is out of reach and named no time itself, in seconds. */
const retryAfterSeconds = 5;

type Route<P> = (parts: P, request: HttpRequest, caller: Caller) => Promise<HttpResponseInit>;

/** What answers of every route need. */
type RouteParts = Pick<RunParts, 'telemetry'> & AdmissionParts;

/** What the Functions host calls for a route. */
type HttpHandler = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

/**
 * What the Functions host calls for a route: sees who asks, and answers inside the request's trace.
 * @param wire gives the parts, or throws a TerminalError that lists every missing or bad setting: an app that cannot
 * work answers 503 on every route, and on /api/health says why
 * @param withinMs how long the answer may take, in milliseconds
 */
export function routeHandler<P extends RouteParts>(
  wire: () => P,
  route: Route<P>,
  withinMs = answeredWithinMs,
): HttpHandler {
  let parts: P;
  try {
    parts = wire();
  } catch (error) {
    if (!isTerminalError(error)) throw error;
    return async (_request, { functionName }) => unconfigured(functionName, error.message);
  }
  return (request, context) =>
    parts.telemetry.invocation(invocationOf(context, request), async () => {
      const { functionName } = context;
      const answer = await answerRequest(
        parts,
        route,
        request,
        async () => {
          const caller = await admit(parts, functionName, request);
          refuseUnknownQuery(functionName, request);
          return caller;
        },
        withinMs,
      );
      const spared = await spareTraffic(request, answer);
      return request.method === 'HEAD' ? withoutBody(spared) : spared;
    });
}

function withoutBody({ body: _body, jsonBody: _json, ...answer }: HttpResponseInit): HttpResponseInit {
  return answer;
}

/** Anybody may ask whether the app is well, and so learn which settings are not; every other route says where to ask. */
const unconfigured = (functionName: string, faults: string): HttpResponseInit =>
  problem(
    503,
    'Service unavailable',
    functionName === 'check-health'
      ? faults
      : 'The app cannot work: settings are missing or bad. GET /api/health names each of them.',
  );

/**
 * Whatever a route throws becomes a problem document: nobody who asks is left with an empty answer, and the log has the
 * rest. Whoever is no operator hears none of the words that Dataverse said to the application.
 */
export async function answerRequest<P extends Pick<RunParts, 'telemetry'>>(
  parts: P,
  route: Route<P>,
  request: HttpRequest,
  admitCaller: () => Promise<Caller> = async () => keyHolder,
  withinMs = answeredWithinMs,
): Promise<HttpResponseInit> {
  let caller: Caller | undefined;
  const respond = async (): Promise<HttpResponseInit> => {
    caller = await admitCaller();
    return route(parts, request, caller);
  };
  try {
    const answer = await withinTime(withinMs, respond());
    if (answer.jsonBody === undefined || mayHearQuotes(caller)) return answer;
    return { ...answer, jsonBody: withoutQuotesIn(answer.jsonBody) };
  } catch (error) {
    if (error instanceof RefusedRequest) return error.answer;
    // The path alone: a query may carry a key.
    const path = new URL(request.url).pathname;
    parts.telemetry.log('error', 'A request could not be answered', { path, reason: logTextOf(error) });
    const text = mayHearQuotes(caller) ? messageOf(error) : logTextOf(error);
    if (isRetryableError(error)) {
      const seconds = Math.ceil((error.retryAfterMs ?? retryAfterSeconds * 1000) / 1000);
      return problem(503, 'Service unavailable', `${text}. Try again in ${seconds} s.`, {
        headers: { 'retry-after': String(seconds) },
      });
    }
    if (isTerminalError(error)) return problem(502, 'Bad gateway', text);
    return problem(500, 'Internal server error', 'The request met a fault of the app; its log has the details.');
  }
}

/**
 * Reads a value that came with a request.
 * @param place where in the request it stood, and its name there where it is a single value
 * @throws RefusedRequest that names each field which is wrong
 */
export function parseInput<T>(
  schema: z.ZodType<T>,
  value: unknown,
  refusal: string,
  place: FieldPlace,
  name?: string,
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RefusedRequest(badRequest(refusal, fieldErrors(parsed.error, place, name)));
}

/** The query as an object; of a parameter given twice the last one counts. */
export const queryOf = (request: HttpRequest): Record<string, string> => Object.fromEntries(request.query);
