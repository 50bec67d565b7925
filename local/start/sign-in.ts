import type { TokenCredential } from '@azure/core-auth';
import { AzureCliCredential, ChainedTokenCredential, InteractiveBrowserCredential } from '@azure/identity';
import { UsageError } from './arguments.ts';

/**
 * Signs in to an organisation as whoever is known to the Azure CLI, or in a browser.
 * @returns the credential, and who that is
 * @throws UsageError where nobody could be signed in
 */
export async function signIn(origin: string): Promise<{ readonly credential: TokenCredential; readonly who: string }> {
  const credential = new ChainedTokenCredential(new AzureCliCredential(), new InteractiveBrowserCredential({}));
  try {
    const { token } = await credential.getToken(`${origin}/.default`);
    return { credential, who: nameIn(token) };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new UsageError(
      `Nobody could be signed in to ${origin}: ${reason} Sign in with "az login", then start again.`,
    );
  }
}

/** The name that a token gives; tokens are opaque to us, so this is for people only. */
function nameIn(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return String(claims.upn ?? claims.unique_name ?? claims.appid ?? 'somebody');
  } catch {
    return 'somebody';
  }
}
