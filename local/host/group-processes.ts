/** Runs the functions of each group in a process of its own, beside the one that this is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Log } from './log.ts';
import { groupSetting } from './process-groups.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const restartDelayMs = 1_000;

/** The processes of some groups. */
export interface GroupProcesses {
  /** Asks each to end, and waits until all have. */
  stop(): Promise<void>;
}

/**
 * Starts a process for each group; resolves when the triggers of all of them run. One that ends is started anew, as the
 * platform does.
 *
 * @param args - what each is started with, besides its group
 * @throws Error when one of them ends before it was ready; the others are ended too
 */
export async function startGroupProcesses(
  groups: readonly string[],
  args: readonly string[],
  log: Log,
): Promise<GroupProcesses> {
  const children = new Map<string, ChildProcess>();
  let isStopping = false;

  const start = async (group: string): Promise<void> => {
    // The channel tells the child when this process is gone, even killed.
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, [groupSetting]: group },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    children.set(group, child);
    const ready = Promise.withResolvers<void>();
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{"ready":')) ready.resolve();
        else process.stdout.write(`${line}\n`);
      });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const code = await Promise.race([ready.promise, ended]);
    if (code !== undefined) throw new Error(`The process of ${group} ended with code ${code} before it was ready.`);
    void ended.then(() => keepUp(group));
  };
  const keepUp = async (group: string): Promise<void> => {
    for (let isUp = false; !isUp && !isStopping; ) {
      log.write('warning', 'host', `The process of ${group} has ended; another one takes its place.`);
      await delay(restartDelayMs);
      if (isStopping) return;
      isUp = await start(group).then(
        () => true,
        () => false,
      );
    }
  };
  const stop = async (): Promise<void> => {
    isStopping = true;
    const running = [...children.values()].filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
    const ends = running.map((child) => once(child, 'close'));
    for (const child of running) child.kill('SIGTERM');
    await Promise.all(ends);
  };

  const outcomes = await Promise.allSettled(groups.map(start));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { stop };
}
