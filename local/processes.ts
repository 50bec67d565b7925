/** Starts child processes on the Node that runs this, waits until they are ready, and sees to it that all of them end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What a child said when it was ready. */
export type Ready = Readonly<Record<string, unknown>>;

/** How a child ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How to start a child. */
export interface ProcessOptions {
  /** Names it in logs and errors. */
  readonly name: string;
  /** Script and arguments, given to Node. */
  readonly args: readonly string[];
  /** Environment on top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Reads the line that tells it is ready; unless given, a JSON object with the member `ready`. */
  readonly readReady?: (line: string) => Ready | undefined;
  /** Takes each line of its output; left out, output is dropped. */
  readonly onLine?: (line: string, name: string) => void;
  /** The signal that asks it to end, SIGTERM unless given. */
  readonly stopSignal?: NodeJS.Signals;
  /** Time to become ready, 30 s unless given. */
  readonly startLimitMs?: number;
}

/** A child that is ready. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly ready: Ready;
  /** Resolves when it ended, for whatever reason. */
  readonly ended: Promise<ProcessEnd>;
  readonly isRunning: boolean;
  /** Asks it to end, and kills it after `graceMs`; resolves when it ended. */
  stop(graceMs?: number): Promise<ProcessEnd>;
  /** Sends a signal, without waiting. */
  kill(signal: NodeJS.Signals): void;
}

const preload = fileURLToPath(new URL('./exit-with-parent.ts', import.meta.url));
const defaultStartLimitMs = 30_000;
const defaultGraceMs = 12_000;

/**
 * Starts a child and waits until it is ready.
 * @throws Error with the child's last line on stderr, when it ended before, or was not ready in time
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { name, args, env = {}, readReady = readReadyJson, onLine, startLimitMs = defaultStartLimitMs } = options;
  const child = spawn(process.execPath, ['--import', preload, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C reaches this process only, which then ends its children in the right order.
    detached: true,
  });
  const ended = once(child, 'close').then(([code, signal]): ProcessEnd => ({ code, signal }));
  let lastErrorLine = '';
  const ready = Promise.withResolvers<Ready>();
  eachLine(child.stdout, (line) => {
    const said = readReady(line);
    if (said) ready.resolve(said);
    else onLine?.(line, name);
  });
  eachLine(child.stderr, (line) => {
    if (line.trim() !== '') lastErrorLine = line.trim();
    onLine?.(line, name);
  });

  const limit = new AbortController();
  try {
    const answer = await Promise.race([
      ready.promise,
      once(child, 'error', { signal: limit.signal }).then(([error]) => Promise.reject(error)),
      ended.then(({ code, signal }) => {
        throw new Error(`${name} could not start: ${lastErrorLine || `it ended with ${signal ?? `code ${code}`}`}`);
      }),
      delay(startLimitMs, undefined, { signal: limit.signal }).then(() => {
        throw new Error(`${name} was not ready after ${startLimitMs / 1000} s. ${lastErrorLine}`.trim());
      }),
    ]);
    return describe(options, child, answer, ended);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    limit.abort();
  }
}

/** Reads `{"ready": …}`; any other line is output like any. */
export function readReadyJson(line: string): Ready | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'ready' in value ? (value as Ready) : undefined;
  } catch {
    return undefined;
  }
}

function describe(
  { name, stopSignal = 'SIGTERM' }: ProcessOptions,
  child: ChildProcess,
  ready: Ready,
  ended: Promise<ProcessEnd>,
): RunningProcess {
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    name,
    pid: child.pid ?? 0,
    ready,
    ended,
    get isRunning() {
      return isRunning();
    },
    async stop(graceMs = defaultGraceMs) {
      if (!isRunning()) return await ended;
      child.kill(stopSignal);
      const grace = new AbortController();
      const killLater = delay(graceMs, undefined, { signal: grace.signal }).then(
        () => child.kill('SIGKILL'),
        () => undefined, // ended in time
      );
      const end = await ended;
      grace.abort();
      await killLater;
      return end;
    },
    kill: (signal) => void child.kill(signal),
  };
}

function eachLine(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  if (stream) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', take);
}
