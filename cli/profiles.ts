import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { UsageError } from './usage-error.ts';

/** One installation, by a name of one's own. Neither key nor token stands in it. */
export const profileSchema = z.object({
  /** Root of the app. */
  url: z.string(),
  /** What the app's tokens are asked for, such as `api://<client id>`; absent where a key is used. */
  signIn: z.string().optional(),
});
export type Profile = z.infer<typeof profileSchema>;

const configSchema = z.object({
  /** The profile that holds unless another is named. */
  current: z.string().optional(),
  profiles: z.record(z.string(), profileSchema).default({}),
});
export type Config = z.infer<typeof configSchema>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the profiles stand. */
export function configFile(environment: Environment, platform: NodeJS.Platform = process.platform): string {
  if (environment.BACKSTAMP_CONFIG) return environment.BACKSTAMP_CONFIG;
  const home = environment.HOME ?? environment.USERPROFILE ?? '.';
  const folder =
    platform === 'win32'
      ? (environment.APPDATA ?? join(home, 'AppData', 'Roaming'))
      : environment.XDG_CONFIG_HOME || join(home, '.config');
  return join(folder, 'backstamp', 'config.json');
}

/** @throws UsageError where the file is there and cannot be understood */
export async function readConfig(environment: Environment): Promise<Config> {
  const file = configFile(environment);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '{}';
    throw new UsageError(`${file} cannot be read (${error.code}).`);
  });
  try {
    return configSchema.parse(JSON.parse(text));
  } catch {
    throw new UsageError(`${file} is no configuration of this command. Mend it, or remove it.`);
  }
}

export async function writeConfig(environment: Environment, config: Config): Promise<void> {
  const file = configFile(environment);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}

/** @throws UsageError that lists the profiles there are */
export function profileNamed(name: string, { profiles }: Config): Profile {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile !== undefined) return profile;
  const names = Object.keys(profiles);
  const there = names.length === 0 ? 'There is none yet' : `There are: ${names.join(', ')}`;
  throw new UsageError(`There is no profile "${name}". ${there}; add it with: backstamp config set ${name} --url URL`);
}

/** The variable that holds the key of one profile. */
export const keyVariable = (name: string): string => `BACKSTAMP_KEY_${name.toUpperCase().replaceAll('-', '_')}`;
