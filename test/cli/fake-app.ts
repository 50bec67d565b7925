import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runCommand } from '../../cli/run-command.ts';
import type { World } from '../../cli/world.ts';

/** What a fake app answers: a status, and a body as JSON or text; `drop` hangs up without an answer. */
export interface FakeAnswer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly drop?: boolean;
}

export interface FakeRequest {
  readonly method: string;
  /** Below /api/, with its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** An app that answers as a test says, and the command with time that passes at once. */
export async function startFakeApp(answer: (request: FakeRequest) => FakeAnswer) {
  const requests: FakeRequest[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const path = (request.url ?? '').replace(/^\/api\//, '');
    const asked = {
      method: request.method ?? '',
      path,
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    requests.push(asked);
    const { status = 200, json, text: body = JSON.stringify(json), headers = {}, drop = false } = answer(asked);
    if (drop) {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** Runs the command; `out` and `complaint` are what it wrote, `said` both in their order. */
  async function backstamp(line: string, environment: Record<string, string> = {}, more: Partial<World> = {}) {
    let [out, complaint, said] = ['', '', ''];
    let now = Date.parse('2026-03-01T08:00:00Z');
    const code = await runCommand(line.split(' '), {
      environment: {
        BACKSTAMP_URL: url,
        BACKSTAMP_KEY: 'the-key',
        BACKSTAMP_CONFIG: '/nowhere/config.json',
        ...environment,
      },
      write: (text) => {
        out += text;
        said += text;
      },
      complain: (text) => {
        complaint += text;
        said += text;
      },
      askSecretly: async () => undefined,
      sleep: async (ms) => {
        now += ms;
      },
      now: () => now,
      ...more,
    });
    return { code, out, complaint, said };
  }

  return { url, requests, backstamp, close: () => server.close() };
}
