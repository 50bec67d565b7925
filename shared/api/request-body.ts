import type { HttpRequest } from '@azure/functions';
import { badRequest, problem } from './http-response.ts';
import { RefusedRequest } from './refused-request.ts';

/** Largest body taken in, in bytes; a real one has a few hundred. */
export const maxBodyBytes = 64 * 1024;

/**
 * Reads a JSON body, in UTF-8 or, where the sender says so or a byte order mark does, in UTF-16; undefined where there
 * is none.
 * @throws RefusedRequest where it is compressed, too large, or no JSON
 */
export async function readJsonBody(request: HttpRequest): Promise<unknown> {
  const encoding = (request.headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== '') throw compressed(encoding);
  // A length given beforehand spares reading what is refused anyway.
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) throw tooLarge();
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > maxBodyBytes) throw tooLarge();
  // The decoder takes a byte order mark off.
  const text = new TextDecoder(charsetOf(request, bytes)).decode(bytes);
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new RefusedRequest(
      badRequest('The body is not JSON.', [{ field: 'body', message: 'must be JSON', in: 'body' }]),
    );
  }
}

function charsetOf(request: HttpRequest, [first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const named = /charset\s*=\s*"?([\w-]+)/i.exec(request.headers.get('content-type') ?? '')?.[1]?.toLowerCase();
  if (named === 'utf-16' || named === 'utf-16le' || named === 'unicode') return 'utf-16le';
  return named === 'utf-16be' ? 'utf-16be' : 'utf-8';
}

/** RFC 9110, 15.5.16: the answer names the encodings that would be taken. */
const compressed = (encoding: string): RefusedRequest =>
  new RefusedRequest(
    problem(415, 'Unsupported media type', `Bodies in the encoding ${encoding.slice(0, 40)} are not taken.`, {
      errors: [{ field: 'Content-Encoding', message: 'must be left out: send the body uncompressed' }],
      headers: { 'accept-encoding': 'identity' },
    }),
  );

const tooLarge = (): RefusedRequest =>
  new RefusedRequest(
    problem(413, 'Content too large', `A body may have ${maxBodyBytes} bytes.`, {
      errors: [{ field: 'body', message: `has more than ${maxBodyBytes} bytes`, in: 'body' }],
    }),
  );
