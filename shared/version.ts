import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** The program's version, from the package.json that it stands under: the project's, or that of the deployed package. */
export const version: string = readVersion();

function readVersion(): string {
  const file = findPackageJSON('.', import.meta.url);
  if (file === undefined) return '0.0.0';
  const { version: found } = JSON.parse(readFileSync(file, 'utf8')) as { version?: string };
  return found ?? '0.0.0';
}
