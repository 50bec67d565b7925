import type { AccessToken, TokenCredential } from '@azure/core-auth';

const lifetimeSeconds = 3600;

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/**
 * A credential for an organisation on this machine: an unsigned token that names the client id. No real
 * service accepts it, and `createIdentities` hands it out for loopback addresses only.
 */
export function createLocalCredential(url: string, clientId: string): TokenCredential {
  return {
    async getToken(): Promise<AccessToken> {
      const expires = Math.floor(Date.now() / 1000) + lifetimeSeconds;
      const claims = { aud: new URL(url).origin, appid: clientId, exp: expires };
      return { token: `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`, expiresOnTimestamp: expires * 1000 };
    },
  };
}
