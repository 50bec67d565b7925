import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Assignment } from './contender.ts';
import type { PassPerformance } from './contenders/backstamp.ts';

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const COMPILED = '../../dist/bench';

/** Compiles the contenders, as the app is when it is deployed: to strip types costs Node 20 MiB that a function host never has. */
export async function compileWorkers(): Promise<void> {
  await build({
    entryPoints: [pathOf('worker.ts')],
    outdir: pathOf(COMPILED),
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    target: 'node24',
    format: 'esm',
  });
}

/**
 * V8 sizes its heap, and glibc its arenas, by the machine. A function host's instance has 2,048 MiB and one core, a bench machine
 * more: every contender gets what V8 takes in a control group of that size.
 */
const SMALL_HOST = { flags: ['--max-semi-space-size=32', '--max-old-space-size=1024'], env: { MALLOC_ARENA_MAX: '2' } };

/** A contender in a process of its own, which is told when to work. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(name: string, assignment: Assignment) {
    const worker = pathOf(`${COMPILED}/worker.js`);
    this.#child = spawn(process.execPath, [...SMALL_HOST.flags, worker, name, JSON.stringify(assignment)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...SMALL_HOST.env },
    });
    if (!this.#child.stdout) throw new Error('The worker process has no output.');
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Has it work once. Contenders other than Backstamp leave out what only a pass has. */
  async work(): Promise<PassPerformance> {
    this.#child.stdin?.write('go\n');
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('The contender ended without an answer; its words are above.');
    return JSON.parse(value) as PassPerformance;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
    this.#reader.close();
  }
}
