/** The Azure CLI, for scripts that deploy. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Runs the Azure CLI and gives what it printed.
 * @throws Error with what it said, when it fails
 */
export async function az(...words: readonly string[]): Promise<string> {
  // On Windows the CLI is a batch file, which only a shell starts.
  const options = { maxBuffer: 64 * 1024 * 1024, shell: process.platform === 'win32' };
  const { stdout } = await promisify(execFile)('az', [...words], options).catch(
    (error: { stderr?: string; message?: string }) => {
      throw new Error(`az ${words.slice(0, 3).join(' ')} failed: ${error.stderr?.trim() || error.message}`);
    },
  );
  return stdout;
}

/**
 * What to deploy, and where: the environment that the shell has exported. Paths are those of the project.
 * @throws Error naming what is not exported
 */
export function deploymentArguments(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const { AZURE_ENV_NAME: name, AZURE_LOCATION: location } = environment;
  if (!name) throw new Error('Export AZURE_ENV_NAME: the name of the environment, a folder of infra/environments.');
  if (!location) throw new Error('Export AZURE_LOCATION: the region that the environment was made in.');
  return [
    ...['--name', `backstamp-${name}`],
    ...['--location', location],
    ...['--template-file', 'infra/main.bicep'],
    ...['--parameters', 'infra/main.bicepparam'],
  ];
}
