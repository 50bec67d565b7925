import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { principalHeaders } from '../support/principal.ts';

/** Plays App Service authentication in front of the app, as far as a browser meets it. */
export interface SignInPlatform {
  readonly url: string;
  /** Who signs in next; what the platform then says of them. */
  person: Parameters<typeof principalHeaders>[0];
  /** Ends every session; from then on requests come through without a name, or are sent to the sign-in page. */
  expire(how: 'namelessly' | 'by redirect'): void;
  stop(): Promise<void>;
}

export async function startSignInPlatform(hostUrl: string): Promise<SignInPlatform> {
  const sessions = new Map<string, Record<string, string>>();
  let redirects = false;
  let count = 0;
  const target = new URL(hostUrl);

  const answer = (incoming: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(incoming.url ?? '/', 'http://platform');
    if (url.pathname === '/.auth/login/aad') {
      const session = `session-${++count}`;
      sessions.set(session, principalHeaders(platform.person));
      redirects = false;
      const location = url.searchParams.get('post_login_redirect_uri') ?? '/';
      response.writeHead(302, { location, 'set-cookie': `AppServiceAuthSession=${session}; Path=/; HttpOnly` }).end();
      return;
    }
    const session = /AppServiceAuthSession=([\w-]+)/.exec(incoming.headers.cookie ?? '')?.[1];
    const principal = session === undefined ? undefined : sessions.get(session);
    if (principal === undefined && redirects && url.pathname !== '/api/status-page') {
      response.writeHead(302, { location: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize' }).end();
      return;
    }
    const named = Object.entries(incoming.headers).filter(([name]) => !name.startsWith('x-ms-client-principal'));
    const outgoing = request(
      { host: target.hostname, port: target.port, path: incoming.url, method: incoming.method },
      (answered) => {
        response.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(response);
      },
    );
    for (const [name, value] of [...named, ...Object.entries(principal ?? {})]) {
      if (value !== undefined) outgoing.setHeader(name, value);
    }
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  };

  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const platform: SignInPlatform = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    person: { id: '11111111-1111-4111-8111-111111111111' },
    expire(how) {
      sessions.clear();
      redirects = how === 'by redirect';
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return platform;
}
