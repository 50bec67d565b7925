import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { control, isControl } from './control/control-routes.ts';
import { Engine } from './engine.ts';
import type { DataverseRequest, DataverseResponse } from './request.ts';

/** How {@link startDataverse} is set up. */
export interface DataverseOptions {
  /** 0 or nothing: a free one. */
  readonly port?: number;
  /** Loopback unless told otherwise. */
  readonly host?: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A running organisation. */
export interface RunningDataverse {
  readonly port: number;
  /** The organisation's URL, without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Answers a request: the Web API, or the control plane on the same port. */
export type Handle = (request: DataverseRequest) => Promise<DataverseResponse>;

/** An organisation without a socket, for tests that drive a client through its own HTTP adapter. */
export function createDataverse(options: Pick<DataverseOptions, 'now'> = {}): { readonly handle: Handle } {
  const engine = new Engine(options.now ?? Date.now);
  return { handle: (request) => (isControl(request) ? control(engine, request) : engine.handle(request)) };
}

/** Starts the organisation's HTTP server; rejects if the port is taken. */
export async function startDataverse(options: DataverseOptions = {}): Promise<RunningDataverse> {
  const { handle } = createDataverse(options);
  const host = options.host ?? '127.0.0.1';
  // A GET's URL may have 32 KiB, and a longer one must reach us to be refused in the service's words.
  const server = createServer(
    { keepAliveTimeout: 60_000, requestTimeout: 0, maxHeaderSize: 131_072 },
    (incoming, outgoing) => {
      handle(readRequest(incoming)).then(
        (response) => send(outgoing, response),
        (error: unknown) => send(outgoing, { status: 500, headers: {}, body: String(error) }),
      );
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return {
    port,
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readRequest(incoming: IncomingMessage): DataverseRequest {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const url = `http://${incoming.headers.host ?? 'localhost'}${incoming.url ?? '/'}`;
  return { method: incoming.method ?? 'GET', url, headers, body: incoming };
}

function send(outgoing: ServerResponse, response: DataverseResponse): void {
  if (response.isDropped) {
    outgoing.destroy();
    return;
  }
  const body = response.status === 204 || response.status === 304 ? '' : response.body;
  outgoing.writeHead(response.status, { ...response.headers, 'Content-Length': Buffer.byteLength(body) });
  outgoing.end(body);
}
