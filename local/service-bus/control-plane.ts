import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Answer, ControlError, type Controlled } from './control-answer.ts';
import { armFault } from './control-faults.ts';
import { resourceAt } from './control-resources.ts';

/** What the control plane controls, and where it listens. */
export interface ControlPlaneOptions extends Controlled {
  readonly port: number;
  readonly host: string;
  readonly amqpPort: number;
}

const LARGEST_BODY = 65_536;

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new ControlError(413, `The body is larger than ${LARGEST_BODY} bytes.`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    throw new ControlError(400, 'The body is not JSON.');
  }
}

async function answer(options: ControlPlaneOptions, request: IncomingMessage): Promise<Answer> {
  const path = new URL(request.url ?? '/', 'http://control').pathname;
  const method = request.method ?? 'GET';
  if (path === '/health' && method === 'GET') {
    const { amqp, amqpPort, namespace } = options;
    const entities = { queues: namespace.queues.size, topics: namespace.topics.size };
    return { status: 200, body: { status: 'healthy', port: amqpPort, connections: amqp.connectionCount, ...entities } };
  }
  if (path === '/__control/faults' && method === 'POST') {
    return { status: 200, body: armFault(options, await readJson(request)) };
  }
  const resource = resourceAt(options, path);
  if (method === 'GET' || method === 'DELETE') return resource[method]();
  if (method === 'PUT') return resource.PUT(await readJson(request));
  throw new ControlError(405, `${method} is not possible here.`);
}

function write(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) response.writeHead(status).end();
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Starts the HTTP side of the broker: entities, counts, faults, health. Rejects where the port is taken. */
export async function startControlPlane(
  options: ControlPlaneOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    try {
      write(response, await answer(options, request));
    } catch (thrown) {
      const status = thrown instanceof ControlError ? thrown.status : 500;
      write(response, { status, body: { error: thrown instanceof Error ? thrown.message : String(thrown) } });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
