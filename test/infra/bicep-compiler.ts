/** The real Bicep compiler, for tests that read what the deployment templates say. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { hasDotnet, restoreBicep } from '../../infra/scripts/restore-bicep.ts';

export const infraFolder = join(import.meta.dirname, '..', '..', 'infra');
export const dataverseUrl = 'https://contoso.crm.dynamics.com';
const subscriptionId = '11111111-1111-1111-1111-111111111111';

/** Why the tests of the deployment cannot run here; undefined where they can. */
export const missing = (await hasDotnet())
  ? undefined
  : 'dotnet is not installed, so the Bicep compiler cannot be restored from NuGet';

const run = promisify(execFile);

/** What a shell has exported that deploys the sample environment. */
export const sampleEnvironment = { AZURE_ENV_NAME: 'sample', AZURE_LOCATION: 'westeurope' };

/** Runs the compiler; what it says on standard error are warnings and errors. */
export const bicep = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> =>
  bicepWith(sampleEnvironment, ...args);

/** The same in a shell that has exported something else. */
export async function bicepWith(
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<{ stdout: string; stderr: string }> {
  const compiler = await restoreBicep();
  return run(compiler, [...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    maxBuffer: 64 * 1024 * 1024,
  });
}

const resourceSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  properties: z.record(z.string(), z.unknown()).default({}),
});
export type PredictedResource = z.infer<typeof resourceSchema>;
const snapshotSchema = z.object({
  predictedResources: z.array(resourceSchema),
  diagnostics: z.array(z.unknown()),
});

let compiled: Promise<string> | undefined;

/** main.bicep as JSON, compiled once: predicting from it takes half the time. */
function compiledTemplate(): Promise<string> {
  compiled ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'backstamp-template-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'main.json');
    await bicep('build', join(infraFolder, 'main.bicep'), '--outfile', file);
    return file;
  })();
  return compiled;
}

/** Several files of tests ask for the same predictions, and each takes the compiler seconds: they are kept in here. */
const predictions = join(infraFolder, '..', 'node_modules', '.cache', 'predicted-resources');

/** Tells predictions from these parameters, this compiler and these templates from all others. */
async function keyOf(parameters: string): Promise<string> {
  const hash = createHash('sha256').update(`${await restoreBicep()}\n${parameters}`);
  const files = await readdir(infraFolder, { recursive: true, withFileTypes: true });
  const templates = files.filter((file) => file.isFile() && /\.(bicep|json|kql)$/.test(file.name));
  for (const file of templates.map(({ parentPath, name }) => join(parentPath, name)).sort())
    hash.update(file).update(await readFile(file));
  return hash.digest('hex');
}

/** What a deployment of main.bicep with these parameters (Bicep text, one `param` a line) would create. */
export async function predictResources(parameters: string): Promise<readonly PredictedResource[]> {
  const kept = join(predictions, `${await keyOf(parameters)}.json`);
  let text = await readFile(kept, 'utf8').catch(() => undefined);
  if (text === undefined) {
    text = await predict(parameters);
    await mkdir(predictions, { recursive: true });
    // Whole or not at all: another worker may read it meanwhile.
    const part = `${kept}.${process.pid}`;
    await writeFile(part, text);
    await rename(part, kept);
  }
  const snapshot = snapshotSchema.parse(JSON.parse(text));
  if (snapshot.diagnostics.length > 0)
    throw new Error(`The snapshot has faults: ${JSON.stringify(snapshot.diagnostics)}`);
  return snapshot.predictedResources;
}

async function predict(parameters: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'backstamp-infra-'));
  try {
    const file = join(folder, 'test.bicepparam');
    await writeFile(file, `using '${relative(folder, await compiledTemplate())}'\n${parameters}\n`);
    await bicep('snapshot', file, '--subscription-id', subscriptionId, '--location', 'westeurope');
    return await readFile(join(folder, 'test.snapshot.json'), 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The resources of one type, in the order of the template. */
export const ofType = (resources: readonly PredictedResource[], type: string): readonly PredictedResource[] =>
  resources.filter((resource) => resource.type === type);

/**
 * The one resource of a type.
 * @throws Error when there is none, or more than one.
 */
export function onlyOne(resources: readonly PredictedResource[], type: string): PredictedResource {
  const [resource, another] = ofType(resources, type);
  if (!resource || another) throw new Error(`Expected one ${type}, found ${ofType(resources, type).length}`);
  return resource;
}
