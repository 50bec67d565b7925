import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TokenCredential } from '@azure/core-auth';

/** An endpoint that gives out tokens as App Service's does, so that the app asks as it would there. */
export interface IdentityEndpoint {
  /** By these the app finds it. */
  readonly settings: Readonly<Record<string, string>>;
  close(): void;
}

/**
 * Gives out the tokens of whoever is signed in on this machine, on loopback, to whoever knows this start's own secret:
 * the app. Only one organisation's tokens are given.
 */
export async function startIdentityEndpoint(credential: TokenCredential, origin: string): Promise<IdentityEndpoint> {
  const secret = randomBytes(24).toString('base64url');
  const server = createServer(async (request, response) => {
    const end = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const resource = searchParams.get('resource') ?? '';
    if (request.headers['x-identity-header'] !== secret) return end(401, { message: 'Who asks?' });
    if (!URL.canParse(resource) || new URL(resource).origin !== origin) return end(400, { message: `Not ${resource}` });
    try {
      const token = await credential.getToken(`${origin}/.default`);
      if (token === null) return end(500, { message: 'There is no token.' });
      const expiresOn = String(Math.floor(token.expiresOnTimestamp / 1000));
      return end(200, { access_token: token.token, expires_on: expiresOn, resource, token_type: 'Bearer' });
    } catch (error) {
      return end(500, { message: error instanceof Error ? error.message : String(error) });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    settings: { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/token`, IDENTITY_HEADER: secret },
    close: () => server.close(),
  };
}
