/** Loads a built app as the Node worker does: every file that the `main` glob of its package.json matches. */
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AppRegistry, ProgrammingModel } from './app-registry.ts';
import { functionsCoreSlot } from './functions-core.ts';
import { provideFunctionsCore } from './functions-core-hook.ts';
import { HostStartError } from './host-start-error.ts';
import { messageOf } from './message-of.ts';

/** An app whose files are loaded. */
export interface LoadedApp {
  readonly model: ProgrammingModel;
  /** What the library offers the host, such as `HttpUri` when HTTP streaming is on. */
  readonly capabilities: Readonly<Record<string, string>>;
}

/**
 * Loads the app's files, in the order of their names, into `registry`.
 * @throws HostStartError when the glob is missing or matches nothing, when a file fails to load, or nothing is registered
 */
export async function loadApp(appDir: string, registry: AppRegistry): Promise<LoadedApp> {
  provideFunctionsCore(registry);
  for (const file of await entryPoints(appDir)) {
    try {
      await import(pathToFileURL(join(appDir, file)).href);
    } catch (error) {
      throw new HostStartError(`The app's file ${file} could not be loaded: ${reasonOf(error)}`, { cause: error });
    }
  }
  registry.seal();

  const { model } = functionsCoreSlot();
  if (!model || registry.functions.size === 0) {
    throw new HostStartError(
      `The app in ${appDir} registers no function: its files must call app.http(…) and the like.`,
    );
  }
  await registry.runHooks('appStart', { hookData: {}, functionAppDirectory: appDir });
  return { model, capabilities: (await model.getCapabilities?.({})) ?? {} };
}

async function entryPoints(appDir: string): Promise<string[]> {
  const packageFile = join(appDir, 'package.json');
  let main: unknown;
  try {
    main = (JSON.parse(await readFile(packageFile, 'utf8')) as { main?: unknown }).main;
  } catch (error) {
    throw new HostStartError(`${packageFile} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (typeof main !== 'string' || main === '') {
    throw new HostStartError(
      `${packageFile} has no "main": name the app's files there, such as "dist/functions/*.js".`,
    );
  }
  const files: string[] = [];
  for await (const file of glob(main, { cwd: appDir })) files.push(file);
  if (files.length === 0) {
    throw new HostStartError(
      `No file matches "main": "${main}" of ${packageFile}: build the app first (npm run build).`,
    );
  }
  return files.sort();
}

/** What went wrong, and where: the place of a syntax error, or the innermost call. */
function reasonOf(error: unknown): string {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n').map((line) => line.trim()) : [];
  const place = lines.find((line) => /^at .*file:|^file:.*:\d+$/.test(line));
  return `${messageOf(error).replace(/\s*\n\s*/g, ' ')}${place ? ` (${place})` : ''}`;
}
