import { readdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

interface Manifest {
  readonly workspaces?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
const readManifest = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as Manifest;
const workspaces = ((await readManifest('.')).workspaces ?? []).filter((folder) => folder.startsWith('local/'));

const sourcesOf = async (folder: string): Promise<string[]> =>
  (await readdir(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.m?ts$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name));
const importsOf = async (file: string): Promise<string[]> =>
  [
    ...(await readFile(file, 'utf8')).matchAll(
      /^(?:(?:import|export|\}).*? from|import) '([^']+)'|\bimport\('([^']+)'\)/gm,
    ),
  ].map((match) => match[1] ?? match[2] ?? '');

/** What a file names outside its own folder and its manifest. */
async function foreignImports(folder: string): Promise<string[]> {
  const { dependencies = {}, devDependencies = {} } = await readManifest(folder);
  const foreign: string[] = [];
  for (const file of await sourcesOf(folder)) {
    const isTest = relative(join(root, folder), file).startsWith('test/');
    const known = new Set([...Object.keys(dependencies), ...(isTest ? Object.keys(devDependencies) : [])]);
    for (const specifier of await importsOf(file)) {
      const path = specifier.startsWith('.') ? relative(root, join(file, '..', specifier)) : undefined;
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      const isKnown =
        path === undefined
          ? specifier.startsWith('node:') || builtinModules.includes(specifier) || known.has(name)
          : path.startsWith(`${folder}/`) || path === 'local/processes.ts';
      if (!isKnown) foreign.push(`${relative(root, file)}: ${specifier}`);
    }
  }
  return foreign;
}

describe('the packages of the embedded stack', () => {
  it('are the broker, the Dataverse stand-in and the function host', () => {
    expect([...workspaces].sort()).toEqual(['local/dataverse', 'local/host', 'local/service-bus']);
  });

  it.each(workspaces)('%s imports nothing but itself and what its package.json names', async (folder) => {
    expect(await foreignImports(folder)).toEqual([]);
  });

  it.each(workspaces)('%s is run by a bin that is there, and says what it is in a README', async (folder) => {
    const files = await readdir(join(root, folder));
    const { bin = {} } = await readManifest(folder);
    expect(Object.values(bin).filter((file) => files.includes(file))).toHaveLength(1);
    expect(files).toContain('README.md');
  });

  it('are not imported by the scripts that build and deploy the app', async () => {
    const files = await sourcesOf('infra');
    const imports = await Promise.all(files.map(importsOf));
    expect(imports.flat().filter((specifier) => specifier.includes('/local/'))).toEqual([]);
  });
});
