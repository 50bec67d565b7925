/**
 * Names the resource and module versions of the templates that have grown old, and fails if there are any. Two rules of
 * the Bicep linter count days from today, so they are off where a template is deployed: one that was right on the day of
 * its release must deploy for years. A pipeline runs this instead, where someone is there to mend it.
 *
 *     node infra/scripts/check-ages.ts
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { restoreBicep } from './restore-bicep.ts';

const infraFolder = join(import.meta.dirname, '..');
const rulesThatCountDays = ['use-recent-api-versions', 'use-recent-module-versions'];

interface LinterConfig {
  readonly analyzers: { readonly core: { readonly rules: Record<string, { level: string }> } };
}

/** What those rules have against a template and its modules, one a line; none when all is recent. */
export async function findAges(template = join(infraFolder, 'main.bicep')): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'check-ages-'));
  try {
    const config = JSON.parse(await readFile(join(infraFolder, 'bicepconfig.json'), 'utf8')) as LinterConfig;
    for (const rule of rulesThatCountDays) config.analyzers.core.rules[rule] = { level: 'error' };
    const configFile = join(folder, 'bicepconfig.json');
    await writeFile(configFile, JSON.stringify(config));
    const said = await promisify(execFile)(await restoreBicep(), ['lint', template, '--config', configFile]).catch(
      (error: { stdout?: string; stderr?: string }) => ({ stdout: error.stdout ?? '', stderr: error.stderr ?? '' }),
    );
    return `${said.stdout}\n${said.stderr}`
      .split('\n')
      .filter((line) => rulesThatCountDays.some((rule) => line.includes(rule)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const findings = await findAges();
  for (const finding of findings) console.log(finding);
  if (findings.length === 0) console.log('All versions of resources and modules are recent.');
  else process.exitCode = 1;
}
