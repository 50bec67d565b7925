import { ManagedIdentityCredential } from '@azure/identity';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseStartArguments } from '../../local/start/arguments.ts';
import { startIdentityEndpoint } from '../../local/start/identity-endpoint.ts';

const origin = 'https://contoso.crm.dynamics.com';

describe('the identity endpoint of a rehearsal', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('gives the app the token of whoever is signed in, as App Service would, and nobody else', async () => {
    const scopes: unknown[] = [];
    const credential = {
      getToken: async (scope: unknown) => {
        scopes.push(scope);
        return { token: 'kims-token', expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    };
    const endpoint = await startIdentityEndpoint(credential, origin);
    for (const [name, value] of Object.entries(endpoint.settings)) vi.stubEnv(name, value);
    const app = new ManagedIdentityCredential({ clientId: '11111111-2222-4333-8444-555555555555' });

    expect(await app.getToken(`${origin}/.default`)).toMatchObject({ token: 'kims-token' });
    expect(scopes).toEqual([`${origin}/.default`]);

    const url = `${endpoint.settings.IDENTITY_ENDPOINT}?resource=${origin}&api-version=2019-08-01`;
    expect((await fetch(url)).status).toBe(401);
    const secret = { 'x-identity-header': endpoint.settings.IDENTITY_HEADER ?? '' };
    expect((await fetch(url.replace('contoso', 'fabrikam'), { headers: secret })).status).toBe(400);
    endpoint.close();
  });
});

describe('the words of npm start', () => {
  it('name an organisation and its tables', () => {
    const words = ['--organisation', `${origin}/`, '--table', 'contact', '--table', 'lead'];
    expect(parseStartArguments(words)).toMatchObject({ organisation: origin, tables: ['contact', 'lead'] });
  });

  it.each([
    [['--organisation', 'http://contoso.crm.dynamics.com'], 'https'],
    [['--organisation', 'contoso'], 'root address'],
    [['--organisation', `${origin}/main.aspx`], 'root address'],
    [['--organisation', origin, '--rows', '500'], 'excludes'],
    [['--organisation', origin, '--table', 'Contact'], 'logical name'],
    [['--table', 'contact'], 'goes with --organisation'],
  ])('are refused where they make no sense (%j)', (words, reason) => {
    expect(() => parseStartArguments(words)).toThrow(reason);
  });
});
