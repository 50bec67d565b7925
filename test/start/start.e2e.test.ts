import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
/** Public record-linkage data with known truth; kept beside the repository, not in it. */
const febrl = resolve(root, '../shared/data/febrl');
const freePorts = ['host', 'dataverse', 'broker', 'broker-control', 'tables'].flatMap((name) => [
  `--port-${name}`,
  '0',
]);

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

/** Runs `local/start.ts` as `npm start` does, on the app built before. */
function start(...words: string[]) {
  const child = spawn(process.execPath, ['local/start.ts', ...words], { cwd: root });
  running.add(child);
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    output.out += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.err += chunk;
  });
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return { code: code as number | null, ...output };
  });
  const printed = async (text: string): Promise<void> => {
    while (!output.out.includes(text)) {
      await Promise.race([
        once(child.stdout, 'data'),
        ended.then(() => Promise.reject(new Error(`ended before it printed "${text}": ${output.out}${output.err}`))),
      ]);
    }
  };
  return { child, ended, printed };
}

describe('npm start', () => {
  it('links the sample organisation, then touches only what the second unification changed', async () => {
    const { code, out } = await start('--exit', '--rows', '2000', ...freePorts).ended;

    expect(out).toContain('All went well.');
    expect(code).toBe(0);
    expect(out.match(/of [\d,]+ links are right/g)).toHaveLength(2);
    expect(out).toContain('fired 0 times');
  });

  it.skipIf(!existsSync(febrl) /* the public data set is not part of the repository */)(
    'links ten thousand real rows, every one to the profile of its true customer',
    async () => {
      const { code, out } = await start('--exit', '--data', febrl, ...freePorts).ended;

      expect(code, out).toBe(0);
      expect(out.match(/Read back from Dataverse: 10,000 of 10,000 links are right/g)).toHaveLength(2);
      expect(out).toMatch(/contact\s+0\s+0\s+–/);
      expect(out).toMatch(/lead\s+0\s+0\s+–/);
    },
  );

  it('stays up until Ctrl-C and then ends everything it started', async () => {
    const { child, ended, printed } = start('--rows', '200', ...freePorts);
    await printed('The stack stays up until Ctrl-C');
    await printed('Table Storage ');
    const { out } = await Promise.race([ended, Promise.resolve({ out: '' })]);
    expect(out).toBe('');
    child.kill('SIGINT');

    const end = await ended;
    expect(end.code).toBe(0);
    const health = /API\s+(http:\S+)\/api\/status/.exec(end.out)?.[1];
    expect(health).toBeDefined();
    expect(end.out).toMatch(/export BACKSTAMP_URL=http:\S+\n\s+export BACKSTAMP_KEY=\S+\n\s+npx --no backstamp status/);
    await expect(fetch(`${health}/api/health`)).rejects.toThrow();
  });

  it('says in one line which port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { code, err } = await start('--exit', ...freePorts, '--port-dataverse', String(port)).ended;
    server.close();

    expect(code).toBe(1);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toContain(String(port));
  });

  it.each([
    ['a missing folder', async (folder: string) => join(folder, 'nowhere'), /nowhere/],
    ['a folder without files', async (folder: string) => folder, /CSV/],
    [
      'a file without the column `customer`',
      async (folder: string) => {
        await writeFile(join(folder, 'contact.csv'), 'contactid,lastname\n313bad36-953e-5b34-a576-28b10a71e3d4,Ravn\n');
        return folder;
      },
      /contact\.csv.*customer/,
    ],
  ])('says in one line what is wrong with %s', async (_, make, message) => {
    const folder = await mkdtemp(join(tmpdir(), 'backstamp-'));
    const { code, err } = await start('--exit', '--data', await make(folder), ...freePorts).ended;
    await rm(folder, { recursive: true });

    expect(code).toBe(2);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toMatch(message);
  });

  it.each([['--rows', 'many'], ['--rows', '100', '--data', '.'], ['--fast'], ['--port-host', '70000']])(
    'refuses %s %s in one line',
    async (...words) => {
      const { code, err } = await start(...words).ended;

      expect(code).toBe(2);
      expect(err.trim().split('\n')).toHaveLength(1);
      expect(err).toContain('--');
    },
  );
});
