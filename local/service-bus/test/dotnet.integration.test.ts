import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useBroker } from './support.ts';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '..', 'dotnet');
const artifacts = join(folder, 'artifacts');
const buildLimitMs = 240_000;

/** Why the .NET client cannot be had here; undefined where it can. */
async function reasonToSkip(): Promise<string | undefined> {
  try {
    await run('dotnet', ['restore', folder, '--artifacts-path', artifacts], { timeout: buildLimitMs });
    return undefined;
  } catch (error) {
    const { code, stdout } = error as { code?: unknown; stdout?: string };
    return code === 'ENOENT'
      ? 'dotnet is not installed'
      : `Azure.Messaging.ServiceBus cannot be restored from NuGet: ${stdout?.trim().split('\n').at(-1)}`;
  }
}

/** The titles of all checks, as their sources name them. */
async function titlesOf(): Promise<string[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.cs'));
  const sources = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return sources.flatMap((source) => [...source.matchAll(/new\("([^"]+)", async/g)].map((match) => match[1] ?? ''));
}

interface Outcome {
  readonly title: string;
  readonly error: string | null;
}

const missing = await reasonToSkip();
const titles = await titlesOf();

describe("Microsoft's .NET client on this broker", () => {
  const broker = useBroker();
  const outcomes = new Map<string, string | null>();

  beforeAll(async () => {
    if (missing !== undefined) return;
    const options = { timeout: buildLimitMs };
    await run('dotnet', ['build', folder, '--no-restore', '-c', 'Release', '--artifacts-path', artifacts], options);
    const { connectionString, controlPort } = broker.running;
    const program = join(artifacts, 'bin', 'ServiceBusChecks', 'release', 'ServiceBusChecks.dll');
    const { stdout } = await run('dotnet', [program, connectionString, `http://127.0.0.1:${controlPort}`], options);
    for (const line of stdout.trim().split('\n')) {
      const { title, error } = JSON.parse(line) as Outcome;
      outcomes.set(title, error);
    }
  }, buildLimitMs);
  beforeEach(({ skip }) => {
    if (missing !== undefined) skip(missing);
  });

  it.each(titles)('%s', (title) => {
    expect(outcomes.get(title)).toBe(null);
  });

  it('was asked for everything that is written down', () => {
    expect([...outcomes.keys()].sort()).toEqual([...titles].sort());
    expect(titles.length).toBeGreaterThan(50);
  });
});
