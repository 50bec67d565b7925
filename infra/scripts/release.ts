/**
 * Deploys the environment in AZURE_ENV_NAME from package/app.zip: stops where a deployment would change what cannot be
 * taken back; deploys resources, then the package; waits until the app tells that it is healthy and of this version; and
 * puts the version before back where it is not. Needs the Azure CLI, signed in.
 *
 *     npm run release
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { z } from 'zod';
import { az, deploymentArguments } from './azure-cli.ts';
import { faultsOf, foretell, type WhatIf } from './what-if.ts';

const projectFolder = join(import.meta.dirname, '..', '..');
const pauseMs = 10_000;
/** How long a deployed package may take until the app answers: the platform starts it, its roles have to arrive. */
const healthyWithinMs = 10 * 60_000;

/** The app that a deployment made or found. */
export interface DeployedApp {
  readonly resourceGroup: string;
  readonly name: string;
  readonly endpoint: string;
}

/** What a release works with. */
export interface ReleaseParts {
  readonly foretell: () => Promise<WhatIf>;
  /** The app that the environment has already; undefined where it has none. */
  readonly findApp: () => Promise<DeployedApp | undefined>;
  readonly deployResources: () => Promise<DeployedApp>;
  readonly deployPackage: (app: DeployedApp, zipFile: string) => Promise<void>;
  /** The version that a healthy app tells; undefined where it does not answer, or is not healthy. */
  readonly askVersion: (app: DeployedApp) => Promise<string | undefined>;
  /** The version in a package. */
  readonly versionIn: (zipFile: string) => Promise<string>;
  /** Packages the project as of a commit. */
  readonly packageOf: (commit: string) => Promise<string>;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly say: (line: string) => void;
}

/**
 * Deploys a package.
 * @throws Error where nothing was deployed, or where the version before had to come back, or could not
 */
export async function release(parts: ReleaseParts, zipFile: string): Promise<void> {
  const { say } = parts;
  const version = await parts.versionIn(zipFile);
  const faults = faultsOf(await parts.foretell());
  if (faults.length > 0) throw new Error(`Nothing was deployed:\n${faults.join('\n')}`);

  const former = await parts.findApp();
  const before = former && (await parts.askVersion(former));
  say(`Deploying ${version}; ${before === undefined ? 'no version answers yet' : `${before} runs`}.`);
  const app = await parts.deployResources();
  await parts.deployPackage(app, zipFile);
  if (await isHealthy(parts, app, version)) {
    say(`${version} is healthy at ${app.endpoint}.`);
    return;
  }
  await goBack(parts, app, version, before);
}

async function goBack(
  parts: ReleaseParts,
  app: DeployedApp,
  version: string,
  before: string | undefined,
): Promise<never> {
  const commit = before?.split('+')[1];
  const fault = `${version} did not become healthy within ${healthyWithinMs / 60_000} minutes: GET /api/health and Failures in the workbook tell why.`;
  if (before === undefined || commit === undefined)
    throw new Error(`${fault} No version before it is known by its commit, so this one stays.`);
  parts.say(`${fault} Going back to ${before}.`);
  await parts.deployPackage(app, await parts.packageOf(commit));
  if (await isHealthy(parts, app, before)) throw new Error(`${fault} ${before} runs again.`);
  throw new Error(`${fault} ${before} was deployed again and is not healthy either.`);
}

async function isHealthy(parts: ReleaseParts, app: DeployedApp, version: string): Promise<boolean> {
  const until = parts.now() + healthyWithinMs;
  while (parts.now() < until) {
    if ((await parts.askVersion(app)) === version) return true;
    await parts.sleep(pauseMs);
  }
  return false;
}

const run = promisify(execFile);
const outputsSchema = z.object({
  RESOURCE_GROUP: z.object({ value: z.string() }),
  APP_NAME: z.object({ value: z.string() }),
  APP_ENDPOINT: z.object({ value: z.string() }),
});

function appOf(outputs: string): DeployedApp {
  const { RESOURCE_GROUP, APP_NAME, APP_ENDPOINT } = outputsSchema.parse(JSON.parse(outputs));
  return { resourceGroup: RESOURCE_GROUP.value, name: APP_NAME.value, endpoint: APP_ENDPOINT.value };
}

const queryOutputs = ['--query', 'properties.outputs', '--output', 'json'];

const foundSchema = z.array(z.object({ resourceGroup: z.string(), name: z.string(), host: z.string() }));

/** By the environment's tag and not by the deployment before: one that failed has no outputs, and the app runs on. */
async function findApp(): Promise<DeployedApp | undefined> {
  const tag = `[?tags."azd-env-name"=='${process.env.AZURE_ENV_NAME}' && tags."azd-service-name"=='app']`;
  const wanted = '{resourceGroup: resourceGroup, name: name, host: defaultHostName}';
  const listed = await az('functionapp', 'list', '--query', `${tag}.${wanted}`, '--output', 'json');
  const [found] = foundSchema.parse(JSON.parse(listed));
  return found && { resourceGroup: found.resourceGroup, name: found.name, endpoint: `https://${found.host}` };
}

async function askVersion({ resourceGroup, name, endpoint }: DeployedApp): Promise<string | undefined> {
  try {
    const where = ['--resource-group', resourceGroup, '--name', name];
    const key = await az('functionapp', 'keys', 'list', ...where, '--query', 'functionKeys.default', '--output', 'tsv');
    const answer = await fetch(`${endpoint}/api/health`, {
      headers: { 'x-functions-key': key.trim() },
      signal: AbortSignal.timeout(30_000),
    });
    if (!answer.ok) return undefined;
    return z.object({ version: z.string().default('unknown') }).parse(await answer.json()).version;
  } catch {
    return undefined;
  }
}

async function versionIn(zipFile: string): Promise<string> {
  const { 'package.json': manifest } = unzipSync(await readFile(zipFile), {
    filter: ({ name }) => name === 'package.json',
  });
  if (manifest === undefined) throw new Error(`${zipFile} is no package of the app: run npm run package.`);
  return z.object({ version: z.string() }).parse(JSON.parse(new TextDecoder().decode(manifest))).version;
}

async function packageOf(commit: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'backstamp-before-'));
  await rm(folder, { recursive: true });
  await run('git', ['worktree', 'add', '--detach', folder, commit], { cwd: projectFolder });
  await run('npm', ['ci'], { cwd: folder });
  await run('npm', ['run', 'package'], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  return join(folder, 'package', 'app.zip');
}

const azure: ReleaseParts = {
  foretell,
  findApp,
  deployResources: async () =>
    appOf(await az('deployment', 'sub', 'create', ...deploymentArguments(), ...queryOutputs)),
  deployPackage: async ({ resourceGroup, name }, zipFile) => {
    const where = ['--resource-group', resourceGroup, '--name', name];
    await az('functionapp', 'deployment', 'source', 'config-zip', ...where, '--src', zipFile);
  },
  askVersion,
  versionIn,
  packageOf,
  now: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  say: (line) => console.log(line),
};

if (import.meta.main) {
  process.chdir(projectFolder);
  try {
    await release(azure, join(projectFolder, 'package', 'app.zip'));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
