import type { HttpResponseInit } from '@azure/functions';
import type { FieldError, Problem } from '../contracts/problem.ts';

/** Answers of the HTTP API; every error is a problem document (RFC 9457) that names what is wrong and the remedy. */

export const ok = (body: unknown, status = 200): HttpResponseInit => ({ status, jsonBody: body });

export function problem(
  status: number,
  title: string,
  detail: string,
  errors?: readonly FieldError[],
): HttpResponseInit {
  const body: Problem = {
    type: 'about:blank',
    title,
    status,
    detail,
    ...(errors === undefined ? {} : { errors: [...errors] }),
  };
  return { status, body: JSON.stringify(body), headers: { 'content-type': 'application/problem+json' } };
}

export const badRequest = (detail: string, errors: readonly FieldError[]): HttpResponseInit =>
  problem(400, 'Bad request', detail, errors);

export const notFound = (what: string): HttpResponseInit => problem(404, 'Not found', `There is no ${what}.`);
