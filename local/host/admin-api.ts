/** The part of the host's administration API that tools use: ping, status, and running a function by hand. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegisteredFunction } from './app-registry.ts';
import { readBody } from './http-body.ts';
import { respondEmpty } from './http-trigger.ts';
import { toHeaders } from './http-wire.ts';
import type { HostKeys } from './keys.ts';
import { isAuthorized, presentedKey } from './keys.ts';

/** What the administration API works with. */
export interface AdminApiOptions {
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  readonly keys: HostKeys;
  readonly bodyLimit: number;
  readonly startedAt: number;
  /** Runs a function once with the text given as its input; failures are logged. */
  runByHand(fn: RegisteredFunction, input: string): void;
}

/** Answers requests below `/admin/`. */
export function createAdminApi({ functions, keys, bodyLimit, startedAt, runByHand }: AdminApiOptions) {
  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const path = url.pathname.replace(/\/$/, '').toLowerCase();
    if (path === '/admin/host/ping') return respondEmpty(response, 200);
    if (!isAuthorized('admin', presentedKey(toHeaders(request.headers), url.searchParams), keys)) {
      return respondEmpty(response, 401);
    }
    if (path === '/admin/host/status' && request.method === 'GET') {
      return respondJson(response, 200, { state: 'Running', processUptime: Date.now() - startedAt });
    }
    const name = /^\/admin\/functions\/([^/]+)$/.exec(path)?.[1];
    const fn = [...functions.values()].find((candidate) => candidate.name.toLowerCase() === name);
    if (!fn || request.method !== 'POST') return respondEmpty(response, 404);

    const body = await readBody(request, bodyLimit);
    if (!body) return respondEmpty(response, 413, 'close');
    const input = parseInput(body.toString('utf8'));
    if (input === undefined) return respondJson(response, 400, { error: 'The body must be JSON: { "input": "…" }.' });
    runByHand(fn, input);
    respondEmpty(response, 202);
  };
}

/** The text to run with; an object or array given instead of text is taken as its JSON. */
function parseInput(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
    const input = 'input' in body ? body.input : undefined;
    return typeof input === 'string' ? input : JSON.stringify(input ?? '');
  } catch {
    return undefined;
  }
}

function respondJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}
