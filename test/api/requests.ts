import { HttpRequest, type HttpRequestInit } from '@azure/functions';

/** A request as a route gets it from the host. */
export function request(
  method: string,
  path: string,
  {
    params = {},
    headers = {},
    body,
  }: { params?: Record<string, string>; headers?: Record<string, string>; body?: unknown } = {},
): HttpRequest {
  const url = new URL(path, 'http://127.0.0.1');
  const init: HttpRequestInit = {
    method,
    url: url.href,
    params,
    query: Object.fromEntries(url.searchParams),
    headers: { 'content-type': 'application/json', ...headers },
  };
  if (body !== undefined) init.body = { string: typeof body === 'string' ? body : JSON.stringify(body) };
  return new HttpRequest(init);
}

/** The body of an answer as JSON, wherever the route put it. */
export const bodyOf = (answer: { readonly jsonBody?: unknown; readonly body?: unknown }): unknown =>
  answer.jsonBody ?? JSON.parse(String(answer.body));
