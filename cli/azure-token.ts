/**
 * A token of whoever is signed in to the Azure CLI; undefined where nobody is, or it is not installed. The library is
 * loaded only where a token is wanted: it takes longer than most commands.
 */
export async function azureToken(scope: string): Promise<string | undefined> {
  const { AzureCliCredential } = await import('@azure/identity');
  try {
    return (await new AzureCliCredential().getToken(scope)).token;
  } catch {
    // Whoever asked says what to do.
    return undefined;
  }
}
