import { appAddress } from './app-address.ts';
import { AppClient } from './app-client.ts';
import { keyVariable, profileNamed, readConfig } from './profiles.ts';
import { checkedSecret } from './secrets.ts';
import { UsageError } from './usage-error.ts';
import type { World } from './world.ts';

/** What the words say of where to go. */
export interface Where {
  readonly url?: string | undefined;
  readonly profile?: string | undefined;
}

interface Place {
  readonly url: string;
  readonly profile: string | undefined;
  readonly signIn: string | undefined;
}

const local = 'http://127.0.0.1:7071';

/**
 * The app that is meant, and how to be let in: by the token of whoever is signed in, or by a key.
 * @throws UsageError where the address is none, or there is neither token nor key and nobody to ask
 */
export async function connect(where: Where, world: World): Promise<AppClient> {
  const place = await placeOf(where, world.environment);
  const token = await tokenFor(place, world);
  if (token !== undefined) {
    const key = keyIn(place, world.environment);
    const isGiven = Boolean(world.environment.BACKSTAMP_TOKEN);
    return new AppClient(place.url, { token, key, renew: isGiven ? undefined : () => tokenFor(place, world) });
  }
  const variable = place.profile === undefined ? 'BACKSTAMP_KEY' : keyVariable(place.profile);
  const key = keyIn(place, world.environment) ?? (await world.askSecretly(`Function key of ${place.url}`));
  if (key === undefined || key === '') {
    throw new UsageError(
      `Set ${variable} to a function key of the app; or, where people sign in, BACKSTAMP_SIGN_IN to what tokens are asked for (see "backstamp config set --help").`,
    );
  }
  return new AppClient(place.url, { key: checkedSecret(key, variable) });
}

/** By option, by named profile, by environment, by the profile in use, or on this machine. */
async function placeOf({ url, profile }: Where, environment: World['environment']): Promise<Place> {
  const signIn = environment.BACKSTAMP_SIGN_IN || undefined;
  if (url !== undefined) return { url: appAddress(url, '--url'), profile: undefined, signIn };
  const config = await readConfig(environment);
  const named = profile ?? (environment.BACKSTAMP_PROFILE || undefined);
  if (named === undefined && environment.BACKSTAMP_URL) {
    return { url: appAddress(environment.BACKSTAMP_URL, 'BACKSTAMP_URL'), profile: undefined, signIn };
  }
  const name = named ?? config.current;
  if (name === undefined) return { url: local, profile: undefined, signIn };
  const found = profileNamed(name, config);
  return { url: appAddress(found.url, `profile ${name}`), profile: name, signIn: found.signIn };
}

/** BACKSTAMP_KEY belongs to BACKSTAMP_URL: where that is set, it is no profile's key. */
function keyIn({ profile }: Place, environment: World['environment']): string | undefined {
  const own = profile === undefined ? undefined : keyVariable(profile);
  const isShared = profile === undefined || !environment.BACKSTAMP_URL;
  if (own !== undefined && environment[own]) return checkedSecret(environment[own], own);
  if (isShared && environment.BACKSTAMP_KEY) return checkedSecret(environment.BACKSTAMP_KEY, 'BACKSTAMP_KEY');
  return undefined;
}

async function tokenFor({ signIn }: Place, world: World): Promise<string | undefined> {
  const given = world.environment.BACKSTAMP_TOKEN;
  if (given) return checkedSecret(given, 'BACKSTAMP_TOKEN');
  if (signIn === undefined) return undefined;
  const token = await world.azureToken?.(`${signIn.replace(/\/+$/, '')}/.default`);
  if (token !== undefined) return token;
  throw new UsageError('Nobody is signed in to the Azure CLI, or it is not installed: sign in with "az login".');
}
