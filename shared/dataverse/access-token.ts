import type { AccessToken, TokenCredential } from '@azure/core-auth';
import { tokenMarginMs } from './limits.ts';

/** One identity's access token for one organisation: fetched once, shared by all requests, renewed in time. */
export interface TokenSource {
  get(): Promise<string>;
  /** Forgets `token`, which the service did not accept; a newer one that another request fetched meanwhile stays. */
  reject(token: string): void;
}

/**
 * @param scope the organisation's `/.default` scope
 * @throws whatever the credential throws; a failed fetch is tried anew by the next request.
 */
export function createTokenSource(credential: TokenCredential, scope: string): TokenSource {
  let current: AccessToken | undefined;
  let pending: Promise<AccessToken> | undefined;

  const fetch = async (): Promise<AccessToken> => {
    const token = await credential.getToken(scope);
    if (!token) throw new Error(`The credential gave no token for ${scope}.`);
    return token;
  };

  return {
    async get() {
      if (current && current.expiresOnTimestamp - tokenMarginMs > Date.now()) return current.token;
      pending ??= fetch().finally(() => {
        pending = undefined;
      });
      current = await pending;
      return current.token;
    },
    reject(token) {
      if (current?.token === token) current = undefined;
    },
  };
}
