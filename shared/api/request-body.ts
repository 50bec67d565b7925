import type { HttpRequest } from '@azure/functions';
import { badRequest, problem } from './http-response.ts';
import { RefusedRequest } from './refused-request.ts';

/** Largest body taken in, in bytes; a real one has a few hundred. */
export const maxBodyBytes = 64 * 1024;

/**
 * Reads a JSON body; undefined where there is none.
 * @throws RefusedRequest where it is too large, or no JSON
 */
export async function readJsonBody(request: HttpRequest): Promise<unknown> {
  // A length given beforehand spares reading what is refused anyway.
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) throw tooLarge();
  const text = await request.text();
  if (Buffer.byteLength(text) > maxBodyBytes) throw tooLarge();
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new RefusedRequest(badRequest('The body is not JSON.', [{ field: 'body', message: 'must be JSON' }]));
  }
}

const tooLarge = (): RefusedRequest =>
  new RefusedRequest(
    problem(413, 'Content too large', `A body may have ${maxBodyBytes} bytes.`, {
      errors: [{ field: 'body', message: `has more than ${maxBodyBytes} bytes` }],
    }),
  );
