const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/**
 * An unsigned bearer token (JWT, `alg` none) that names an application; only the local stand-in takes it.
 * @param now milliseconds since 1970; the token is good for an hour.
 */
export function localTokenOf({
  clientId,
  audience,
  now,
}: {
  readonly clientId: string;
  readonly audience: string;
  readonly now: number;
}): string {
  const claims = { aud: audience, appid: clientId, exp: Math.floor(now / 1000) + 3600 };
  return `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims)}.`;
}
