import {
  createDefaultHttpClient,
  createEmptyPipeline,
  createHttpHeaders,
  createPipelineRequest,
  decompressResponsePolicy,
  type HttpClient,
  type HttpHeaders,
  type Pipeline,
  proxyPolicy,
  tracingPolicy,
  userAgentPolicy,
} from '@azure/core-rest-pipeline';

/** Version of the Web API that all paths are under. */
export const apiPath = '/api/data/v9.2';

export interface WireRequest {
  readonly method: 'GET' | 'POST';
  /** Absolute, on the organisation's own origin. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly token: string;
  /** A request without a complete answer after this long counts as failed; it may have had its effect. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string;
}

const standardHeaders = { 'OData-MaxVersion': '4.0', 'OData-Version': '4.0', Accept: 'application/json' };

/** Sends one request once: no retries, no redirects, no cookies (a kept one would pin us to one server). */
export interface Transport {
  /** @throws the signal's reason once aborted; else an Error where no complete answer came. */
  send(request: WireRequest): Promise<WireAnswer>;
}

/**
 * @param options.httpClient sends the bytes; by default Node's own client with connections kept alive
 * @param options.local true for an organisation on this machine: plain http, and no proxy between
 */
export function createTransport(options: {
  readonly httpClient?: HttpClient | undefined;
  readonly local: boolean;
}): Transport {
  const httpClient = options.httpClient ?? createDefaultHttpClient();
  const pipeline = createPipeline(options.local);
  return {
    async send({ method, url, headers, body, token, timeoutMs, signal }) {
      const timeout = new AbortController();
      // The client's own time-out ends with the answer's headers; a body that stalls must end too.
      const timer = setTimeout(() => timeout.abort(), timeoutMs);
      try {
        const request = createPipelineRequest({
          method,
          url,
          headers: createHttpHeaders({
            ...standardHeaders,
            ...headers,
            // Else the client copies the whole body to count it.
            ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
            Authorization: `Bearer ${token}`,
          }),
          body: body ?? null,
          abortSignal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal,
          allowInsecureConnection: options.local,
        });
        const response = await pipeline.sendRequest(httpClient, request);
        return { status: response.status, headers: response.headers, body: response.bodyAsText ?? '' };
      } catch (error) {
        signal?.throwIfAborted();
        if (timeout.signal.aborted) throw new Error(`No answer within ${timeoutMs / 1000} s.`, { cause: error });
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function createPipeline(local: boolean): Pipeline {
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy(userAgentPolicy({ userAgentPrefix: 'backstamp' }));
  pipeline.addPolicy(decompressResponsePolicy());
  pipeline.addPolicy(tracingPolicy({ userAgentPrefix: 'backstamp' }), { afterPhase: 'Retry' });
  if (!local) pipeline.addPolicy(proxyPolicy());
  return pipeline;
}
