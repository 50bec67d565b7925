import { TerminalError } from '../errors.ts';
import type { Transport, WireRequest } from './transport.ts';

/** Thrown where a request that might write was to be sent although the app only reads. */
export class ReadOnlyError extends TerminalError {
  readonly isReadOnlyError = true;
  override name = 'ReadOnlyError';
}
export const isReadOnlyError = (error: unknown): error is ReadOnlyError =>
  error instanceof Error && 'isReadOnlyError' in error;

const requestLine = /^([A-Z]+) \S.* HTTP\/1\.1$/;

/**
 * A transport that lets reads through and nothing else, whoever asks: the last thing before the wire. What it cannot
 * prove to be a read counts as a write.
 */
export const readOnly = (transport: Transport): Transport => ({
  send(request) {
    if (onlyReads(request)) return transport.send(request);
    const path = new URL(request.url).pathname;
    return Promise.reject(
      new ReadOnlyError(
        `Nothing is written to this organisation: ${request.method} ${path} was not sent. The app runs with BACKSTAMP_READ_ONLY, for rehearsals.`,
      ),
    );
  },
});

/** A GET reads; so does a batch of nothing but GETs. Functions, which Dataverse answers to GET, have no side effects. */
function onlyReads({ method, url, headers, body }: WireRequest): boolean {
  const overridden = Object.keys(headers).some((name) => name.toLowerCase() === 'x-http-method-override');
  if (overridden) return false;
  if (method === 'GET') return body === undefined;
  if (!new URL(url).pathname.endsWith('/$batch') || body === undefined) return false;
  const lines = body.split(/\r?\n/);
  const parts = lines.filter((line) => /^content-type:\s*application\/http\b/i.test(line)).length;
  const methods = lines.flatMap((line) => requestLine.exec(line)?.[1] ?? []);
  // A change set is a batch within the batch.
  const hasChangeSet = lines.some((line) => /^content-type:\s*multipart\//i.test(line));
  return !hasChangeSet && methods.length > 0 && methods.length === parts && methods.every((name) => name === 'GET');
}
