import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import type { Actor } from '../contracts/audit.ts';
import { problem } from './http-response.ts';
import { RefusedRequest } from './refused-request.ts';

/** App roles of the sign-in: a reader sees, an operator also runs, cancels, confirms and refreshes. */
export const roles = { reader: 'Backstamp.Reader', operator: 'Backstamp.Operator' } as const;
export type Role = keyof typeof roles;

/** Whoever asks: somebody who signed in, a person or an application; or whoever holds a function key. */
export type Caller =
  | {
      readonly kind: 'person' | 'application';
      /** Entra object id, in lower case. */
      readonly id: string;
      readonly name: string | undefined;
      readonly roles: ReadonlySet<Role>;
    }
  | { readonly kind: 'key' };

/** Whoever came past the host's check of the key, and is nobody in particular. */
export const keyHolder: Caller = { kind: 'key' };

/** The headers in which App Service authentication names who signed in; all begin alike. */
const principal = 'x-ms-client-principal';
const [principalId, principalName, principalProvider] = [`${principal}-id`, `${principal}-name`, `${principal}-idp`];

/** What the header with the token's claims holds, in base64. */
const principalSchema = z.object({
  auth_typ: z.string().nullish(),
  role_typ: z.string().nullish(),
  claims: z.array(z.object({ typ: z.string(), val: z.string() })).default([]),
});

const objectIdSchema = z.guid();
const objectIdClaims = ['oid', 'http://schemas.microsoft.com/identity/claims/objectidentifier'];
const roleClaims = ['roles', 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role'];

const refused = (detail: string): RefusedRequest => {
  const answer: HttpResponseInit = problem(403, 'Forbidden', detail);
  return new RefusedRequest(answer);
};
const notEntra = (): RefusedRequest =>
  refused('Sign in with a Microsoft Entra account of your organisation: nobody else is known here.');

/**
 * Who asks.
 *
 * Only App Service authentication may say who it is: it removes these headers from what comes in from outside. Where it
 * is off, whoever sends them could be anybody; and a request that bears one of them is never taken for a key holder's.
 * @throws RefusedRequest where the headers cannot be trusted, do not name anybody, or name somebody outside Entra
 */
export function callerOf(request: HttpRequest, isSignInEnabled: boolean): Caller {
  const sent = [...request.headers.keys()].find((name) => name.toLowerCase().startsWith(principal));
  if (sent === undefined) return keyHolder;
  if (!isSignInEnabled) {
    throw refused(`${sent} was sent, but App Service authentication is off: turn it on, or leave the header out.`);
  }
  const { auth_typ: provider, role_typ: roleType, claims } = claimsOf(request.headers.get(principal));
  const providers = [provider, request.headers.get(principalProvider)];
  if (providers.some((name) => typeof name === 'string' && name.toLowerCase() !== 'aad')) throw notEntra();

  const valuesOf = (types: readonly (string | null | undefined)[]): string[] =>
    claims.filter(({ typ }) => types.includes(typ)).map(({ val }) => val);
  const ids = [...valuesOf(objectIdClaims), request.headers.get(principalId) ?? '']
    .map((text) => objectIdSchema.safeParse(text.trim().toLowerCase()).data)
    .filter((id) => id !== undefined);
  const [id] = ids;
  if (id === undefined || ids.some((other) => other !== id)) throw notEntra();

  const held = valuesOf([...roleClaims, roleType]);
  const isOperator = held.includes(roles.operator);
  return {
    kind: valuesOf(['idtyp']).includes('app') ? 'application' : 'person',
    id,
    name: nameIn(request.headers.get(principalName)) ?? valuesOf(['preferred_username', 'name', 'appid', 'azp'])[0],
    roles: new Set<Role>([
      ...(isOperator ? (['operator'] as const) : []),
      ...(isOperator || held.includes(roles.reader) ? (['reader'] as const) : []),
    ]),
  };
}

/** @throws RefusedRequest where the header is not what the platform writes */
function claimsOf(header: string | null): z.infer<typeof principalSchema> {
  if (header === null) return { claims: [] };
  try {
    return principalSchema.parse(JSON.parse(Buffer.from(header, 'base64').toString('utf8')));
  } catch {
    throw notEntra();
  }
}

/** The platform percent-encodes names that a header cannot carry. */
function nameIn(header: string | null): string | undefined {
  if (header === null || header.trim() === '') return undefined;
  try {
    return decodeURIComponent(header.trim());
  } catch {
    return header.trim();
  }
}

/** Whether somebody may hear what Dataverse or a plug-in said to the application: it may quote anybody's rows. */
export const mayHearQuotes = (caller: Caller | undefined): boolean =>
  caller?.kind === 'key' || caller?.roles.has('operator') === true;

/** How a caller stands in the audit. */
export const actorOf = (caller: Caller): Actor =>
  caller.kind === 'key'
    ? { kind: 'key' }
    : { kind: caller.kind, id: caller.id, ...(caller.name === undefined ? {} : { name: caller.name }) };
