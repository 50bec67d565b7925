/** What the host refuses before a function's key is looked at: requests that are too long, and too many at once. */
import type { IncomingMessage } from 'node:http';
import type { HttpSettings } from './host-settings.ts';
import { createSemaphore } from './semaphore.ts';

/** Limits of Kestrel, the host's server, in bytes and in fields. */
const requestLineLimit = 8_192;
const headerLimit = 32_768;
const headerCountLimit = 100;

/** Header bytes that Node's server must take in, so that these limits are the ones that refuse. */
export const readHeaderLimit = 2 * (requestLineLimit + headerLimit);

/** The status of a request whose first line or header is too long; undefined where it may pass. */
export function tooLongStatus({
  method = '',
  url = '',
  httpVersion,
  rawHeaders,
}: IncomingMessage): 414 | 431 | undefined {
  if (`${method} ${url} HTTP/${httpVersion}\r\n`.length > requestLineLimit) return 414;
  const bytes = rawHeaders.reduce((sum, text) => sum + Buffer.byteLength(text) + ': '.length, 0);
  return bytes > headerLimit || rawHeaders.length / 2 > headerCountLimit ? 431 : undefined;
}

/** Waits for a request's turn; the function returned ends it. Undefined where too many are under way already. */
export type TakeTurn = () => Promise<() => void> | undefined;

/** Lets in as many requests as host.json says. */
export function createThrottle({ maxConcurrentRequests, maxOutstandingRequests }: HttpSettings): TakeTurn {
  const turns = createSemaphore(maxConcurrentRequests);
  let outstanding = 0;
  return () => {
    if (outstanding >= maxOutstandingRequests) return undefined;
    outstanding++;
    return turns.acquire().then((release) => () => {
      outstanding--;
      release();
    });
  };
}
