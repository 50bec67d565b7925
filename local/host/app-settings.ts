/** App settings: the environment, and beneath it the `Values` of the app's local.settings.json. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostStartError } from './host-start-error.ts';
import { messageOf } from './message-of.ts';

/** Reads settings; names are case-insensitive, as the host's are. */
export interface AppSettings {
  get(name: string): string | undefined;
  /** All names and values; of two that differ in case only, one. */
  entries(): Iterable<readonly [name: string, value: string]>;
  /**
   * Replaces each `%Name%` in a trigger's option by that setting.
   * @throws HostStartError when the setting is missing
   */
  resolve(text: string, where: string): string;
}

/** Wraps plain name-value pairs. */
export function createAppSettings(values: Readonly<Record<string, string | undefined>>): AppSettings {
  const byLowerName = new Map<string, readonly [string, string]>();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) byLowerName.set(name.toLowerCase(), [name, value]);
  }
  const get = (name: string): string | undefined => byLowerName.get(name.toLowerCase())?.[1];
  return {
    get,
    entries: () => byLowerName.values(),
    resolve: (text, where) =>
      text.replace(/%([^%]+)%/g, (_, name: string) => {
        const value = get(name);
        if (value === undefined)
          throw new HostStartError(`${where} names the app setting "${name}", which is not set.`);
        return value;
      }),
  };
}

/**
 * The `Values` of `<appDir>/local.settings.json`, none where there is no such file.
 * @throws HostStartError when the file is not what it should be
 */
export async function readLocalSettings(appDir: string): Promise<Record<string, string>> {
  const file = join(appDir, 'local.settings.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new HostStartError(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  let values: unknown;
  try {
    values = (JSON.parse(text) as { Values?: unknown }).Values ?? {};
  } catch (error) {
    throw new HostStartError(`${file} is not valid JSON: ${messageOf(error)}`, { cause: error });
  }
  const entries = Object.entries(values as object);
  const bad = entries.find(([, value]) => typeof value !== 'string');
  if (bad) throw new HostStartError(`${file}: Values.${bad[0]} must be text.`);
  return Object.fromEntries(entries) as Record<string, string>;
}
