import { fileURLToPath } from 'node:url';
import { type RunningProcess, startProcess } from '../../processes.ts';

/** A host process with one of the fixture apps, and what it has written so far. */
export interface HostProcess {
  readonly process: RunningProcess;
  readonly url: string;
  readonly lines: readonly string[];
  /** Resolves with the first line, past or to come, that matches. */
  line(pattern: RegExp): Promise<string>;
}

export const functionKey = 'the-function-key';
export const masterKey = 'the-master-key';

/** Path of an app in `fixtures`. */
export const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

/** Starts the host on a free port. */
export async function startHostProcess(
  appDir: string,
  env: Record<string, string> = {},
  extra: readonly string[] = [],
): Promise<HostProcess> {
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  const process = await startProcess({
    name: 'host',
    args: [
      fileURLToPath(new URL('../main.ts', import.meta.url)),
      ...['--app', appDir, '--port', '0', '--function-key', functionKey, '--master-key', masterKey],
      ...extra,
    ],
    env,
    onLine(line) {
      lines.push(line);
      for (const tell of waiting) tell(line);
    },
  });
  return {
    process,
    url: `http://127.0.0.1:${process.ready.port}`,
    lines,
    async line(pattern) {
      const known = lines.find((line) => pattern.test(line));
      if (known !== undefined) return known;
      return await new Promise((resolve) => {
        const tell = (line: string): void => {
          if (!pattern.test(line)) return;
          waiting.delete(tell);
          resolve(line);
        };
        waiting.add(tell);
      });
    },
  };
}
