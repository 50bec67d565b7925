import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { type HostProcess, startHostProcess } from './host-process.ts';

/** What is undone after each test of the file that imports this, last first. */
export const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Writes an app into a folder of its own, with the project's packages. */
export async function appOf(files: Record<string, string>, host: object = {}): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'backstamp-host-'));
  cleanUps.push(() => rm(dir, { recursive: true }));
  const all = {
    'package.json': JSON.stringify({ type: 'module', main: 'app/*.js' }),
    'host.json': JSON.stringify({ version: '2.0', ...host }),
    ...files,
  };
  await symlink(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(dir, 'node_modules'));
  await mkdir(join(dir, 'app'));
  for (const [name, content] of Object.entries(all)) await writeFile(join(dir, name), content);
  return dir;
}
/** Starts a host that ends with its test. */
export async function start(
  appDir: string,
  env: Record<string, string> = {},
  extra: string[] = [],
): Promise<HostProcess> {
  const host = await startHostProcess(appDir, env, extra);
  cleanUps.push(() => host.process.stop());
  return host;
}

/** The code of an anonymous HTTP function. */
export const http = (name: string, handler: string): string =>
  `import { app } from '@azure/functions'; app.http('${name}', { authLevel: 'anonymous', handler: ${handler} });`;
/** An HTTP handler that answers after `?ms=`. */
export const sleeper = `async (request) => { await new Promise((r) => setTimeout(r, Number(request.query.get('ms')))); return { body: 'done' }; }`;
