/**
 * Builds the app as it is deployed: functions/ with everything they reach, of this project and of its packages, bundled
 * to plain JavaScript; host.json; a package.json without dependencies. Leaves the folder package/app (for azd and func),
 * package/app.zip (for zip deployment) and package/sbom.json, and prints size and cold start.
 *
 *     node infra/scripts/package.ts
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { zipSync } from 'fflate';

const projectFolder = join(import.meta.dirname, '..', '..');
const sizeLimitBytes = 6 * 1024 * 1024;
const coldStarts = 5;

/** What was packaged. */
export interface PackagedApp {
  /** Folder that holds the app, as Azure unpacks it. */
  readonly folder: string;
  readonly zipFile: string;
  /** CycloneDX list of the packages that went into it, with their integrity. */
  readonly sbomFile: string;
  readonly zipBytes: number;
  /** Files in the package, relative to its root. */
  readonly files: readonly string[];
  /** Source files that went into it, of this project and of its packages, relative to the project. */
  readonly sources: readonly string[];
}

/**
 * Packages the app into `packageFolder`, whatever was there before.
 * @throws Error when the bundle cannot be built, or the zip is larger than 6 MB
 */
export async function packageApp(packageFolder = join(projectFolder, 'package')): Promise<PackagedApp> {
  const folder = join(packageFolder, 'app');
  await rm(packageFolder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const sources = await bundle(folder);
  await addPage(folder);
  await writeFile(join(folder, 'host.json'), await readFile(join(projectFolder, 'host.json')));
  await writeFile(join(folder, 'package.json'), await packageJson());

  const files = await filesIn(folder);
  const contents = await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file))] as const));
  // One fixed time for all entries: the same app is the same zip, byte for byte.
  const zip = zipSync(Object.fromEntries(contents), { level: 9, mtime: '1980-01-01T12:00:00' });
  if (zip.byteLength > sizeLimitBytes) {
    throw new Error(`The package is ${megabytes(zip.byteLength)} MB, over 6 MB: see which package grew, and why.`);
  }
  const zipFile = join(packageFolder, 'app.zip');
  await writeFile(zipFile, zip);
  const sbomFile = join(packageFolder, 'sbom.json');
  await writeFile(sbomFile, await sbom(sources));
  return { folder, zipFile, sbomFile, zipBytes: zip.byteLength, files, sources };
}

/** One file per function, and what they share in chunks, so that nothing is loaded twice; tells what went in. */
async function bundle(folder: string): Promise<string[]> {
  const sources = (await readdir(join(projectFolder, 'functions'))).filter((file) => file.endsWith('.ts'));
  const { metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: sources.map((file) => join('functions', file)),
    outdir: join(folder, 'dist'),
    outbase: '.',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Error names and stacks stay readable; compression takes care of the size.
    keepNames: true,
    legalComments: 'eof',
    metafile: true,
    logLevel: 'warning',
    // Supplied by the Functions worker, and nowhere else.
    external: ['@azure/functions-core'],
    // Packages in CommonJS ask for Node's modules, and @azure/functions for its core, by `require`.
    banner: {
      js: "import { createRequire as createRequireOfPackage } from 'node:module'; const require = createRequireOfPackage(import.meta.url);",
    },
  });
  return Object.keys(metafile.inputs).toSorted();
}

/** Where the bundled function looks for the page: two folders above its own file. */
async function addPage(folder: string): Promise<void> {
  await promisify(execFile)(process.execPath, [join(projectFolder, 'page', 'build.ts')]);
  await mkdir(join(folder, 'page'));
  await copyFile(join(projectFolder, 'dist', 'page', 'status-page.html'), join(folder, 'page', 'status-page.html'));
}

/** Of package.json what the host and the worker read; everything the app needs is in the bundle. */
async function packageJson(): Promise<string> {
  const { name, version, license, type, main, engines } = JSON.parse(
    await readFile(join(projectFolder, 'package.json'), 'utf8'),
  ) as Record<string, unknown>;
  const built = { name, version: `${version}${await commit()}`, license, private: true, type, main, engines };
  return `${JSON.stringify(built, null, 2)}\n`;
}

/** `+<commit>`, by which infra/scripts/release.ts finds a version again; nothing where it is not the commit's own. */
async function commit(): Promise<string> {
  const git = async (...words: string[]): Promise<string> =>
    (await promisify(execFile)('git', words, { cwd: projectFolder })).stdout.trim();
  try {
    return (await git('status', '--porcelain', '--untracked-files=no')) === ''
      ? `+${await git('rev-parse', 'HEAD')}`
      : '';
  } catch {
    return '';
  }
}

interface Sbom {
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

/**
 * npm's list of all packages of the lock file, cut down to those that went into the bundle. (npm's own leaving out of
 * development packages leaves out too what both kinds need.)
 */
async function sbom(sources: readonly string[]): Promise<string> {
  // On Windows npm is a batch file, which only a shell starts.
  const options = { cwd: projectFolder, maxBuffer: 64 * 1024 * 1024, shell: process.platform === 'win32' };
  const { stdout } = await promisify(execFile)(
    'npm',
    ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'],
    options,
  );
  const all = JSON.parse(stdout) as Sbom;
  const folders = new Set(sources.flatMap((source) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(source)?.[0] ?? []));
  const bundled = new Set(await Promise.all([...folders].map(nameAndVersion)));
  const own = await nameAndVersion('.');
  const kept = (ref: string): boolean => bundled.has(ref);
  const list: Sbom = {
    ...all,
    components: all.components.filter((component) => kept(component['bom-ref'])),
    dependencies: all.dependencies
      .filter(({ ref }) => kept(ref) || ref === own)
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(kept) })),
  };
  return `${JSON.stringify(list, null, 2)}\n`;
}

async function nameAndVersion(folder: string): Promise<string> {
  const { name, version } = JSON.parse(await readFile(join(projectFolder, folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  return `${name}@${version}`;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted();
}

/** How long a new process takes until all functions are registered; the middle one of several, in milliseconds. */
export async function measureColdStart(folder: string): Promise<{ ms: number; functions: number }> {
  const results: { ms: number; functions: number }[] = [];
  for (let round = 0; round < coldStarts; round++) {
    const script = join(import.meta.dirname, 'cold-start.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [script, folder]);
    results.push(JSON.parse(stdout) as { ms: number; functions: number });
  }
  results.sort((a, b) => a.ms - b.ms);
  const middle = results[Math.floor(results.length / 2)];
  if (!middle) throw new Error('No cold start was measured.');
  return middle;
}

const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(2);

if (import.meta.main) {
  const app = await packageApp();
  const { ms, functions } = await measureColdStart(app.folder);
  console.log(`${relative(process.cwd(), app.zipFile)}: ${megabytes(app.zipBytes)} MB, ${app.files.length} files`);
  console.log(`Cold start: ${ms} ms from process start to ${functions} functions registered (middle of ${coldStarts})`);
}
