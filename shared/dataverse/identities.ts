import type { TokenCredential } from '@azure/core-auth';
import { ManagedIdentityCredential } from '@azure/identity';
import { TerminalError } from '../errors.ts';
import { createLocalCredential } from './local-credential.ts';

/** One application user of the organisation, with limits of its own. */
export interface Identity {
  /** The application's client id; it names the identity in telemetry and messages. */
  readonly clientId: string;
  readonly credential: TokenCredential;
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether `url` is plain http on this machine: the one place where plain http and a local token are allowed. */
export function isLocal(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && loopback.has(hostname);
}

/**
 * The identities that requests to `url` are spread over: managed identities, or, for an organisation on this machine,
 * local ones.
 * @throws TerminalError where no client id is given, or the URL is neither https nor on loopback.
 */
export function createIdentities(url: string, clientIds: readonly string[]): readonly Identity[] {
  if (clientIds.length === 0) {
    throw new TerminalError('No identity for Dataverse: name at least one client id of a managed identity.');
  }
  const local = isLocal(url);
  if (!local && new URL(url).protocol !== 'https:') {
    throw new TerminalError(`The Dataverse URL ${url} must be https; plain http is allowed on loopback only.`);
  }
  return clientIds.map((clientId) => ({
    clientId,
    credential: local ? createLocalCredential(url, clientId) : new ManagedIdentityCredential({ clientId }),
  }));
}
