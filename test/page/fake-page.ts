import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { examples } from '../../shared/api/examples.ts';

/** The page in front of an app that answers as a test says: for what a whole stack would take long to come to. */
export async function startFakePage(answer: (path: string, query: URLSearchParams) => unknown) {
  const usual: Readonly<Record<string, unknown>> = {
    about: { ...(examples.About as object), signIn: false, you: { kind: 'key', maySee: true, mayOperate: true } },
    status: examples.StatusAnswer,
    runs: examples.RunSummaryList,
    holds: { holds: [] },
  };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://app');
    const path = pathname.replace('/api/', '');
    if (path === 'status-page') {
      const page = await readFile(new URL('../../dist/page/status-page.html', import.meta.url));
      response.setHeader('content-type', 'text/html').end(page);
      return;
    }
    const body = answer(path, searchParams) ?? usual[path];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/api/status-page`, close: () => server.close() };
}
