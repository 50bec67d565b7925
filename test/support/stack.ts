import { fileURLToPath } from 'node:url';
import { type Stack, type StackOptions, startStack } from '../../local/stack.ts';

/** The embedded stack on free ports, for a test. */
export interface TestStack extends Stack {
  /** Every line that the parts have written, `part: line`. */
  readonly log: readonly string[];
  /** Calls the app with the function key. */
  call(path: string, init?: RequestInit): Promise<Response>;
}

const projectDir = fileURLToPath(new URL('../..', import.meta.url));

/** Starts the stack, with the built app of this project unless told otherwise. */
export async function startTestStack(options: Partial<StackOptions> = {}): Promise<TestStack> {
  const log: string[] = [];
  const stack = await startStack({
    appDir: projectDir,
    ...options,
    log(line, part) {
      log.push(`${part}: ${line}`);
      options.log?.(line, part);
    },
  });
  return {
    ...stack,
    log,
    call(path, init = {}) {
      const headers = new Headers(init.headers);
      headers.set('x-functions-key', stack.functionKey);
      return fetch(new URL(path, stack.hostUrl), { ...init, headers });
    },
  };
}

/** The timer of the watch over runs fires now; its work goes on after this returns. */
export async function lookAtRuns({ hostUrl, masterKey }: TestStack): Promise<void> {
  const response = await fetch(`${hostUrl}/admin/functions/watch-runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-functions-key': masterKey },
    body: '{}',
  });
  if (response.status !== 202) throw new Error(`The host answers ${response.status} to a timer that fires`);
}
