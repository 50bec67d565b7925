/** Runs the app's HTTP functions: route, key, request in wire form, answer. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegisteredFunction } from './app-registry.ts';
import type { HttpSettings } from './host-settings.ts';
import { HostStartError } from './host-start-error.ts';
import { readBody } from './http-body.ts';
import { createThrottle, tooLongStatus } from './http-limits.ts';
import { proxyStream } from './http-stream.ts';
import { fromWireResponse, toHeaders, toWireRequest } from './http-wire.ts';
import type { Invoker } from './invocation.ts';
import type { AuthLevel, HostKeys } from './keys.ts';
import { isAuthorized, presentedKey } from './keys.ts';
import type { Log } from './log.ts';
import { messageOf } from './message-of.ts';
import { createRouteTable, type Route } from './route-table.ts';
import { traceContextOf } from './trace-context.ts';
import type { WireInvocation } from './wire-types.ts';

/** What the HTTP functions run with. */
export interface HttpTriggerOptions {
  readonly functions: Iterable<RegisteredFunction>;
  readonly invoker: Invoker;
  readonly keys: HostKeys;
  readonly settings: HttpSettings;
  readonly log: Log;
  /** Largest request body, in bytes; a larger one fails the invocation. */
  readonly bodyLimit: number;
  /** Where the library takes requests when the app turned HTTP streaming on. */
  readonly streamUri: string | undefined;
}

/** Answers one request; resolves when the answer is written, or its connection gone. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

const authLevels: readonly string[] = ['anonymous', 'function', 'admin'];

/**
 * Prepares the app's HTTP functions.
 * @throws HostStartError when a function has a malformed route or an unknown authLevel
 */
export function createHttpTrigger(options: HttpTriggerOptions): RequestHandler {
  const { invoker, keys, bodyLimit, streamUri, settings, log } = options;
  const findRoute = createFunctionRoutes(options.functions, settings.routePrefix);
  const takeTurn = createThrottle(settings);

  return async (request, response, url) => {
    const tooLong = tooLongStatus(request);
    if (tooLong) return respondEmpty(response, tooLong, 'close');
    const turn = takeTurn();
    if (!turn) return respondEmpty(response.setHeader('x-function-scaleout', '1'), 429);
    const endTurn = await turn;
    await handle(request, response, url).finally(endTurn);
  };

  async function handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const found = findRoute(request.method ?? 'GET', url.pathname);
    if (!found) return respondEmpty(response, 404);
    const { value: fn, params } = found;
    const headers = toHeaders(request.headers);
    const level = (fn.trigger.authLevel ?? 'function') as AuthLevel;
    if (!isAuthorized(level, presentedKey(headers, url.searchParams), keys)) return respondEmpty(response, 401);

    const traceContext = traceContextOf(headers.get('traceparent'), headers.get('tracestate'));
    const invocationId = randomUUID();
    if (streamUri) {
      const invocation = streamedInvocation(fn, params, headers, traceContext);
      const proxied = proxyStream({ streamUri, invocationId, request, response, url });
      await Promise.all([proxied, invoker.invoke(fn, invocation, invocationId)]).catch(() => failStream(response));
      return;
    }

    const body = await readBody(request, bodyLimit);
    if (!body) {
      // The server would say 413; the host binds the request first, and shows that failure as 500.
      log.write('error', fn.name, `Request body too large. The max request body size is ${bodyLimit} bytes.`);
      return respondEmpty(response, 500, 'close');
    }
    const http = toWireRequest({ method: request.method ?? 'GET', url, headers, params, body });
    const invocation = { inputData: [{ name: fn.triggerName, data: { http } }], triggerMetadata: {}, traceContext };
    try {
      const answer = fromWireResponse((await invoker.invoke(fn, invocation, invocationId)).returnValue);
      const { length } = answer.body;
      const isFramed = answer.status !== 204 && answer.status !== 304;
      response.writeHead(answer.status, isFramed ? { ...answer.headers, 'content-length': length } : answer.headers);
      response.end(request.method === 'HEAD' || !isFramed ? undefined : answer.body);
    } catch {
      respondEmpty(response, 500); // logged by the invoker; the caller learns no more, as in Azure
    }
  }
}

/**
 * Ends a request without a body.
 *
 * @param connection - `close` where the request was not read to its end, so that it cannot share the connection with the next
 */
export function respondEmpty(response: ServerResponse, status: number, connection?: 'close'): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-length': 0, ...(connection ? { connection } : {}) }).end();
}

function createFunctionRoutes(functions: Iterable<RegisteredFunction>, prefix: string) {
  const routes: Route<RegisteredFunction>[] = [];
  for (const fn of functions) {
    const { route, methods, authLevel = 'function' } = fn.trigger;
    if (typeof authLevel !== 'string' || !authLevels.includes(authLevel)) {
      throw new HostStartError(
        `Function ${fn.name}: authLevel "${String(authLevel)}" must be one of ${authLevels.join(', ')}.`,
      );
    }
    const path = typeof route === 'string' ? route.replace(/^\/+/, '') : fn.name;
    routes.push({
      template: prefix === '' ? path : `${prefix}/${path}`,
      methods: (Array.isArray(methods) ? methods : ['GET', 'POST']).map((method) => String(method).toUpperCase()),
      value: fn,
    });
  }
  try {
    return createRouteTable(routes);
  } catch (error) {
    throw new HostStartError(`A function's ${messageOf(error)}.`, { cause: error });
  }
}

/** With streaming on, the request itself goes another way; its header and parameters come as metadata. */
function streamedInvocation(
  fn: RegisteredFunction,
  params: Readonly<Record<string, string>>,
  headers: Headers,
  traceContext: WireInvocation['traceContext'],
): WireInvocation {
  const values = Object.entries(params).map(([name, string]) => [name, { string }] as const);
  return {
    inputData: [{ name: fn.triggerName, data: {} }],
    triggerMetadata: { ...Object.fromEntries(values), Headers: { json: JSON.stringify(Object.fromEntries(headers)) } },
    traceContext,
  };
}

function failStream(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else respondEmpty(response, 500);
}
