import { DataverseError } from '../errors.ts';

const unauthorized = (reason: string) =>
  new DataverseError(401, '0x80048306', reason, { 'WWW-Authenticate': `Bearer error="invalid_token"` });

/**
 * Reads the bearer token of a request: an unsigned JWT whose `appid` names the application and whose `aud` is the
 * organisation's URL. Anything missing, expired or meant for another audience is a 401.
 *
 * @param now milliseconds since 1970
 * @returns the application's client id, lower case
 */
export function readToken(authorization: string | undefined, audience: string, now: number): string {
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (!token) throw unauthorized('No bearer token was sent.');
  const claims = parseClaims(token);
  if (typeof claims?.appid !== 'string') throw unauthorized('The token does not name an application.');
  if (typeof claims.exp !== 'number' || claims.exp * 1000 <= now) throw unauthorized('The token has expired.');
  if (typeof claims.aud !== 'string' || claims.aud.replace(/\/+$/, '').toLowerCase() !== audience.toLowerCase()) {
    throw unauthorized(`The token is meant for '${String(claims.aud)}', not for '${audience}'.`);
  }
  return claims.appid.toLowerCase();
}

/** A token as {@link readToken} takes it: what a local credential sends. `expiresAt` in milliseconds since 1970. */
export function writeToken(clientId: string, audience: string, expiresAt: number): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { appid: clientId, aud: audience, exp: Math.floor(expiresAt / 1000) };
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}

function parseClaims(token: string): { appid?: unknown; aud?: unknown; exp?: unknown } | undefined {
  const [header, payload, , surplus] = token.split('.');
  if (!header || !payload || surplus !== undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}
