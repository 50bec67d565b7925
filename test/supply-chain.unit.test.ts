import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const project = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(project, file), 'utf8');

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}
interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly allowScripts?: Record<string, boolean>;
}
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockEntry> };
const manifest = JSON.parse(read('package.json')) as Manifest;
/** What comes from a registry: neither this project, nor a part of it. */
const fromRegistry = Object.entries(lock.packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && link !== true,
);

describe('package-lock.json', () => {
  it('has the integrity of every package, whichever platform it is for', () => {
    expect(fromRegistry.filter(([, { integrity }]) => !integrity).map(([path]) => path)).toEqual([]);
    expect(fromRegistry.length).toBeGreaterThan(100);
  });

  it('names no registry', () => {
    const named = fromRegistry.filter(([, { resolved }]) => resolved !== undefined);

    expect(named.map(([path]) => path)).toEqual([]);
  });

  it('has no package with an install script that nobody has judged', () => {
    const withScript = fromRegistry
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.split('node_modules/').at(-1) ?? '')
      // Installed on macOS alone, where nothing needs it.
      .filter((name) => name !== 'fsevents');

    expect(withScript.filter((name) => !(name in (manifest.allowScripts ?? {})))).toEqual([]);
  });

  it('has Node as a package for each platform, in one version', () => {
    const versions = fromRegistry
      .filter(([path]) => /^node_modules\/node-(linux|win)-\w+$/.test(path))
      .map(([, { version }]) => version);

    expect(versions.length).toBe(3);
    expect(new Set(versions).size).toBe(1);
  });
});

describe.each(['package.json', ...globSync('local/*/package.json', { cwd: project })])('%s', (file) => {
  it('asks for exact versions', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(file)) as Manifest;

    const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });

    // A part of this project may be asked for in any version: there is only one.
    const own = (name: string): boolean => lock.packages[`node_modules/${name}`]?.link === true;
    expect(versions.filter(([name, version]) => !own(name) && !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  it('says what each dependency is for', () => {
    const text = read('docs/dependencies.md');
    const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });

    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('workflows', () => {
  const files = globSync('.github/workflows/*.yml', { cwd: project });

  it('name every action by commit, with its version in a comment', () => {
    const used = files.flatMap((file) => [...read(file).matchAll(/uses:\s*(.+)$/gm)].map(([, action = '']) => action));

    expect(used.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
    expect(used.length > 0).toBe(existsSync(join(project, '.github')));
  });
});
