import type { HttpResponseInit } from '@azure/functions';
import type { FieldError, Problem } from '../contracts/problem.ts';

/** Answers of the HTTP API; every error is a problem document (RFC 9457) that names what is wrong and the remedy. */

/** What an administrator's browser or a proxy must not keep: the state of a run is old in a second. */
const uncached = { 'cache-control': 'no-store' };

export const ok = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): HttpResponseInit => ({
  status,
  jsonBody: body,
  headers: { ...uncached, ...headers },
});

export function problem(
  status: number,
  title: string,
  detail: string,
  options: { readonly errors?: readonly FieldError[]; readonly headers?: Readonly<Record<string, string>> } = {},
): HttpResponseInit {
  const body: Problem = {
    type: 'about:blank',
    title,
    status,
    detail,
    ...(options.errors === undefined ? {} : { errors: [...options.errors] }),
  };
  return {
    status,
    body: JSON.stringify(body),
    headers: { ...uncached, 'content-type': 'application/problem+json', ...options.headers },
  };
}

export const badRequest = (detail: string, errors: readonly FieldError[]): HttpResponseInit =>
  problem(400, 'Bad request', detail, { errors });

export const notFound = (what: string, errors?: readonly FieldError[]): HttpResponseInit =>
  problem(404, 'Not found', `There is no ${what}.`, errors === undefined ? {} : { errors });
