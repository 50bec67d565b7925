import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { problem } from './http-response.ts';
import { RefusedRequest } from './refused-request.ts';

const objectIdSchema = z.guid();

/** The header in which App Service authentication names the person who signed in, by Entra object id. */
const principalId = 'x-ms-client-principal-id';
const principalProvider = 'x-ms-client-principal-idp';

const forbidden = (detail: string): HttpResponseInit => problem(403, 'Forbidden', detail);

/**
 * Entra object id of the person who asks; undefined where nobody signed in.
 *
 * Only App Service authentication may say who it is: it removes these headers from what comes in from outside. Where it
 * is off, whoever sends them could be anybody.
 * @throws RefusedRequest where the headers cannot be trusted, or name somebody outside Entra
 */
export function callerOf(request: HttpRequest, isSignInEnabled: boolean): string | undefined {
  const id = request.headers.get(principalId);
  if (id === null) return undefined;
  if (!isSignInEnabled) {
    throw new RefusedRequest(
      forbidden(`${principalId} was sent, but App Service authentication is off: turn it on, or leave the header out.`),
    );
  }
  const provider = request.headers.get(principalProvider);
  const objectId = objectIdSchema.safeParse(id.trim().toLowerCase());
  if (!objectId.success || (provider !== null && provider.toLowerCase() !== 'aad')) {
    throw new RefusedRequest(forbidden('Sign in with a Microsoft Entra account: Dataverse knows no other.'));
  }
  return objectId.data;
}
