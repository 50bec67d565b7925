/** Loads a built app as the Node worker does: every file that the `main` glob of its package.json matches. */
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AppRegistry, ProgrammingModel } from './app-registry.ts';
import { functionsCoreSlot } from './functions-core.ts';
import { provideFunctionsCore } from './functions-core-hook.ts';
import { HostStartError } from './host-start-error.ts';
import type { Log } from './log.ts';
import { messageOf } from './message-of.ts';

/** An app whose files are loaded. */
export interface LoadedApp {
  /** Undefined where the app has registered nothing. */
  readonly model: ProgrammingModel | undefined;
  /** What the library offers the host, such as `HttpUri` when HTTP streaming is on. */
  readonly capabilities: Readonly<Record<string, string>>;
}

/**
 * Loads the app's files, in the order of their names, into `registry`. Files that cannot be loaded, before any of them
 * has called `app`, make it an app without functions, as for the real worker: the host runs, and every route is 404.
 * @throws HostStartError when package.json names no files, or one fails to load after something was registered
 */
export async function loadApp(appDir: string, registry: AppRegistry, log: Log): Promise<LoadedApp> {
  provideFunctionsCore(registry);
  const { main, files } = await entryPoints(appDir);
  let problem = files.length === 0 ? `no file matches "${main}"; build the app first (npm run build)` : undefined;
  for (const file of files) {
    try {
      await import(pathToFileURL(join(appDir, file)).href);
    } catch (error) {
      problem = `${file}: ${reasonOf(error)}`;
      if (functionsCoreSlot().model) {
        throw new HostStartError(`The app's file ${file} could not be loaded: ${reasonOf(error)}`, { cause: error });
      }
      break;
    }
  }
  registry.seal();
  if (problem !== undefined) {
    log.write('error', 'worker', `Worker was unable to load entry point "${main}": ${problem}`);
  }
  if (registry.functions.size === 0) {
    log.write('warning', 'host', 'No functions found: the files of the app must call app.http(…) and the like.');
  }
  const { model } = functionsCoreSlot();
  await registry.runHooks('appStart', { hookData: {}, functionAppDirectory: appDir });
  return { model, capabilities: (await model?.getCapabilities?.({})) ?? {} };
}

async function entryPoints(appDir: string): Promise<{ main: string; files: string[] }> {
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
  return { main, files: files.sort() };
}

/** What went wrong, and where: the place of a syntax error, or the innermost call. */
function reasonOf(error: unknown): string {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n').map((line) => line.trim()) : [];
  const place = lines.find((line) => /^at .*file:|^file:.*:\d+$/.test(line));
  return `${messageOf(error).replace(/\s*\n\s*/g, ' ')}${place ? ` (${place})` : ''}`;
}
