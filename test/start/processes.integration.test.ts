import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProcess } from '../../local/processes.ts';

let dir: string;
const scripts = {
  good: `console.log('before'); console.log(JSON.stringify({ ready: 'good', port: 7 })); console.error('after');
    setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(0));`,
  stubborn: `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('{"ready":"stubborn"}');`,
  broken: `console.error('first'); console.error('the reason'); process.exitCode = 3;`,
  impatient: `process.on('SIGINT', () => process.exit(1)); setInterval(() => {}, 1000); console.log('{"ready":"impatient"}');`,
  silent: `setInterval(() => {}, 1000);`,
  parent: `import { startProcess } from ${JSON.stringify(fileURLToPath(new URL('../../local/processes.ts', import.meta.url)))};
    process.on('SIGINT', () => console.log('interrupted'));
    const child = await startProcess({ name: 'child', args: [process.argv[2]] });
    console.log(child.pid);`,
} as const;
const path = (name: keyof typeof scripts): string => join(dir, `${name}.mjs`);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'backstamp-processes-'));
  for (const [name, code] of Object.entries(scripts)) await writeFile(join(dir, `${name}.mjs`), code);
});
afterAll(() => rm(dir, { recursive: true }));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('startProcess', () => {
  it('waits for the ready line, passes the other lines on, and stops', async () => {
    const lines: string[] = [];
    const child = await startProcess({
      name: 'good',
      args: [path('good')],
      onLine: (line, name) => lines.push(`${name}: ${line}`),
    });

    expect(child.ready).toEqual({ ready: 'good', port: 7 });
    await expect.poll(() => lines).toEqual(['good: before', 'good: after']);
    expect(await child.stop()).toEqual({ code: 0, signal: null });
    expect([child.isRunning, isAlive(child.pid)]).toEqual([false, false]);
    expect(await child.stop()).toEqual({ code: 0, signal: null });
  });

  it('asks to end by the signal that a program listens to', async () => {
    const child = await startProcess({ name: 'impatient', args: [path('impatient')], stopSignal: 'SIGINT' });
    expect(await child.stop()).toEqual({ code: 1, signal: null });
  });

  it('kills what does not end in time', async () => {
    const child = await startProcess({ name: 'stubborn', args: [path('stubborn')] });

    expect(await child.stop(200)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('fails with the last line on stderr of a child that ends before it is ready', async () => {
    await expect(startProcess({ name: 'broken', args: [path('broken')] })).rejects.toThrow(
      'broken could not start: the reason',
    );
  });

  it('fails when a child is not ready in time, and ends it', async () => {
    await expect(startProcess({ name: 'silent', args: [path('silent')], startLimitMs: 300 })).rejects.toThrow(
      'silent was not ready after 0.3 s.',
    );
  });

  it.each(['good', 'stubborn'] as const)('ends a %s child when the parent is killed', async (name) => {
    const parent = spawn(process.execPath, [path('parent'), path(name)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)));
    expect(isAlive(pid)).toBe(true);

    parent.kill('SIGKILL');

    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  });

  it('leaves it to the parent what Ctrl-C means', async () => {
    const parent = spawn(process.execPath, [path('parent'), path('impatient')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const next = (): Promise<string> =>
      new Promise((resolve) => parent.stdout.once('data', (text: Buffer) => resolve(text.toString().trim())));
    const pid = Number(await next());

    process.kill(-(parent.pid ?? 0), 'SIGINT'); // the whole group, as a terminal does

    expect(await next()).toBe('interrupted');
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  });
});
