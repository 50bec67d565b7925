/** Function keys and the master key, enforced as in Azure: a caller shows one in `x-functions-key` or `?code=`. */

/** Who may call: anyone, who holds a key, or who holds the master key. */
export type AuthLevel = 'anonymous' | 'function' | 'admin';

/** The keys of this host. */
export interface HostKeys {
  /** Opens every function of level `function`. */
  readonly functionKey: string;
  /** Opens everything, the administration API included. */
  readonly masterKey: string;
}

/** Reads the key that a request shows; the header wins. The query's name is matched without regard to case. */
export function presentedKey(headers: Headers, query: URLSearchParams): string | undefined {
  return headers.get('x-functions-key') ?? [...query].find(([name]) => name.toLowerCase() === 'code')?.[1];
}

/** Tells whether a request that shows `key` may call what asks for `level`. */
export function isAuthorized(level: AuthLevel, key: string | undefined, keys: HostKeys): boolean {
  if (level === 'anonymous') return true;
  if (key === undefined || key === '') return false;
  return key === keys.masterKey || (level === 'function' && key === keys.functionKey);
}
