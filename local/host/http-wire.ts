/** HTTP requests to the wire form, and answers from it. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { WireCookie, WireHttp, WireNullable, WireValue } from './wire-types.ts';

const nullable = (entries: Iterable<readonly [string, string]>): Record<string, WireNullable> =>
  Object.fromEntries(Array.from(entries, ([name, value]) => [name, { value }]));

/** Builds the wire form of a request. Header fields without a value are left out, as the host does. */
export function toWireRequest(request: {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Buffer;
}): WireHttp {
  // The host joins values of one name by a comma: `?a=1&a=2` reaches the handler as `a` = "1,2".
  const query = new Map<string, string>();
  for (const [name, value] of request.url.searchParams) {
    const earlier = query.get(name);
    query.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return {
    method: request.method,
    url: request.url.href,
    nullableHeaders: nullable([...request.headers].filter(([, value]) => value !== '')),
    nullableQuery: nullable(query),
    nullableParams: nullable(Object.entries(request.params)),
    ...(request.body.length > 0 ? { body: { bytes: request.body } } : {}),
  };
}

/** Node's header object as `Headers`; repeated fields are joined. */
export function toHeaders(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

/** An answer that can be written out. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array;
}

/** Reads the answer of an HTTP function; a handler that returned nothing answers 204. */
export function fromWireResponse(value: WireValue | null | undefined): HttpAnswer {
  const http = value?.http;
  if (!http) return { status: 204, headers: {}, body: new Uint8Array() };
  const headers: Record<string, string | string[]> = {};
  for (const [name, text] of Object.entries(http.headers ?? {})) {
    // The server counts the bytes and frames them itself.
    if (!/^(content-length|transfer-encoding|connection|keep-alive)$/i.test(name)) headers[name] = text;
  }
  if (http.cookies?.length) {
    const own = headers['set-cookie'] ?? [];
    headers['set-cookie'] = [...(Array.isArray(own) ? own : [own]), ...http.cookies.map(serializeCookie)];
  }
  return { status: Number(http.statusCode ?? 200), headers, body: bytesOf(http.body) };
}

function bytesOf(body: WireValue | null | undefined): Uint8Array {
  if (body?.bytes) return body.bytes;
  return Buffer.from(body?.string ?? body?.json ?? '');
}

const sameSiteNames: Readonly<Record<string, string>> = { lax: 'lax', strict: 'strict', explicitNone: 'none' };

/** A cookie as ASP.NET Core writes it: escaped value, path `/` unless given. */
function serializeCookie(cookie: WireCookie): string {
  const parts = [`${encodeURIComponent(cookie.name ?? '')}=${encodeURIComponent(cookie.value ?? '')}`];
  const seconds = cookie.expires?.value?.seconds;
  if (seconds !== undefined) parts.push(`expires=${new Date(seconds * 1000).toUTCString()}`);
  if (cookie.maxAge?.value !== undefined) parts.push(`max-age=${Math.trunc(cookie.maxAge.value)}`);
  if (cookie.domain?.value) parts.push(`domain=${cookie.domain.value}`);
  parts.push(`path=${cookie.path?.value ?? '/'}`);
  if (cookie.secure?.value) parts.push('secure');
  const sameSite = sameSiteNames[cookie.sameSite ?? ''];
  if (sameSite) parts.push(`samesite=${sameSite}`);
  if (cookie.httpOnly?.value) parts.push('httponly');
  return parts.join('; ');
}
