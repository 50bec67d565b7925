import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { UnificationSetup } from '../shared/contracts/unification-setup.ts';
import { UsageError } from './usage-error.ts';

/**
 * Writes a set-up to a file of JSON. What else stands there, such as the business units, stays.
 * @returns what was done, in words
 * @throws UsageError where the file is there and is no set-up, or cannot be written
 */
export async function writeSetup(file: string, setup: UnificationSetup): Promise<string> {
  const before = await readSetup(file);
  const text = `${JSON.stringify({ ...before, ...setup }, undefined, 2)}\n`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  } catch (error) {
    throw new UsageError(`${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
  const tables = setup.tables.map(({ table }) => table).join(', ');
  return `${before === undefined ? 'Wrote' : 'Changed'} ${file}: ${tables}. Look it over, then deploy.`;
}

async function readSetup(file: string): Promise<object | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new UsageError(`${file} cannot be read (${error.code}).`);
  });
  if (text === undefined) return undefined;
  let before: unknown;
  try {
    before = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (typeof before === 'object' && before !== null && 'tables' in before) return before;
  throw new UsageError(`${file} is there and is no set-up: name another file, or remove it.`);
}
