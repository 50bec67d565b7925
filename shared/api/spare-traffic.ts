import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';

const compress = promisify(gzip);

/** A smaller body is hardly smaller compressed, in characters. */
const minCompressed = 1_000;

/**
 * An answer as it is sent: 304 without a body where the caller has the same already (RFC 9110, If-None-Match), and
 * compressed where the caller takes that. The tag is weak, since the same answer has two forms.
 */
export async function spareTraffic(request: HttpRequest, answer: HttpResponseInit): Promise<HttpResponseInit> {
  const text = answer.jsonBody === undefined ? answer.body : JSON.stringify(answer.jsonBody);
  if (request.method !== 'GET' || answer.status !== 200 || typeof text !== 'string') return answer;
  const etag = `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  const type = answer.jsonBody === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { ...type, ...(answer.headers as Record<string, string>), etag, vary: 'accept-encoding' };
  if (has(request, etag)) return { status: 304, headers };
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(request.headers.get('accept-encoding') ?? '');
  if (!takesGzip || text.length < minCompressed) return { status: 200, headers, body: text };
  return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: await compress(text) };
}

/** Whether the caller names this very answer among those that it has. */
function has(request: HttpRequest, etag: string): boolean {
  const known = (request.headers.get('if-none-match') ?? '').split(',').map((tag) => tag.trim());
  return known.some((tag) => tag === '*' || tag.replace(/^(W\/)?/, 'W/') === etag);
}
