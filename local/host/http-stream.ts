/**
 * HTTP streaming: an app that calls `app.setup({ enableHttpStream: true })` takes requests over a small server that
 * `@azure/functions` opens, so that bodies flow both ways while the handler runs.
 */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

/** One request on its way to the library's server. */
export interface StreamedRequest {
  readonly streamUri: string;
  /** Tells the library which invocation the request belongs to. */
  readonly invocationId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

/** Passes a request on and its answer back; rejects when either side breaks off. */
export async function proxyStream({ streamUri, invocationId, request, response, url }: StreamedRequest): Promise<void> {
  const outgoing = httpRequest(new URL(url.pathname + url.search, streamUri), {
    method: request.method,
    headers: {
      ...request.headers,
      'x-ms-invocation-id': invocationId,
      'x-forwarded-host': url.host,
      'x-forwarded-proto': 'http',
    },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject);
  });
  // The handler may answer before it has read the whole request: sending goes on beside.
  void pipeline(request, outgoing).catch(() => undefined);
  const answer = await answered;
  response.writeHead(answer.statusCode ?? 200, withoutOwn(answer.headers));
  await pipeline(answer, response);
}

/** Drops what concerns the inner connection only. */
function withoutOwn(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const {
    connection,
    'keep-alive': keepAlive,
    'transfer-encoding': encoding,
    'x-ms-invocation-id': id,
    ...rest
  } = headers;
  return rest;
}
