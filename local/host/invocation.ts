/**
 * Runs one invocation after the other or many at once: hooks, arguments, handler, answer; all conversions are
 * `@azure/functions`' own. An invocation that outlives the function timeout fails, and with it the process has to go.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  AppRegistry,
  CoreInvocationContext,
  FunctionCallback,
  ProgrammingModel,
  RegisteredFunction,
} from './app-registry.ts';
import type { Log } from './log.ts';
import { parseLogLevel } from './log.ts';
import { messageOf } from './message-of.ts';
import type { WireInvocation, WireInvocationResponse } from './wire-types.ts';

/** What an {@link Invoker} works with. */
export interface InvokerOptions {
  /** Undefined where the app has registered nothing, so that there is nothing to run. */
  readonly model: ProgrammingModel | undefined;
  readonly registry: AppRegistry;
  readonly log: Log;
  /** Longest run of an invocation; undefined for no limit. */
  readonly timeoutMs: number | undefined;
  /** Told once, when an invocation outlived the limit: its handler cannot be stopped, so the process must end. */
  onTimeout(message: string): void;
}

/** Runs functions. */
export interface Invoker {
  /** Runs a function once. Rejects with what the handler threw; the failure is logged already. */
  invoke(fn: RegisteredFunction, invocation: WireInvocation, invocationId?: string): Promise<WireInvocationResponse>;
  /** How many invocations are running. */
  readonly running: number;
  /** Resolves when nothing runs any more, or after `limitMs`; tells which. */
  idle(limitMs: number): Promise<boolean>;
}

/** Thrown when an invocation outlived the function timeout. */
export class FunctionTimeoutError extends Error {
  override name = 'FunctionTimeoutError';
}

/** Creates an invoker of an app's functions. */
export function createInvoker({ model, registry, log, timeoutMs, onTimeout }: InvokerOptions): Invoker {
  const running = new Set<Promise<unknown>>();

  async function run(
    fn: RegisteredFunction,
    invocation: WireInvocation,
    invocationId: string,
  ): Promise<WireInvocationResponse> {
    let userContext: unknown;
    const core: CoreInvocationContext = {
      invocationId,
      metadata: fn.metadata,
      request: { ...invocation, invocationId },
      log(levelName, category, text) {
        const level = parseLogLevel(levelName) ?? 'information';
        const record = registry.applyLogHooks({ level, message: text, category, invocationContext: userContext });
        log.write(record.level, fn.name, record.message);
      },
    };
    if (!model) throw new Error('The app has no functions.');
    const invocationModel = model.getInvocationModel(core);
    const { context, inputs } = await invocationModel.getArguments();
    userContext = context;

    const hookData = {};
    core.state = 'preInvocationHooks';
    const before: { inputs: unknown[]; functionCallback: FunctionCallback } & Record<string, unknown> = {
      hookData,
      invocationContext: context,
      functionCallback: fn.callback,
      inputs,
    };
    await registry.runHooks('preInvocation', before);

    core.state = 'invocation';
    const after: Record<string, unknown> = {
      hookData,
      invocationContext: context,
      inputs: before.inputs,
      result: null,
      error: null,
    };
    try {
      after.result = await invocationModel.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      after.error = error ?? new Error('The handler threw nothing.');
    }
    core.state = 'postInvocationHooks';
    await registry.runHooks('postInvocation', after);
    if (after.error !== null && after.error !== undefined) throw after.error;
    return await invocationModel.getResponse(context, after.result);
  }

  async function runInTime(
    fn: RegisteredFunction,
    invocation: WireInvocation,
    invocationId: string,
  ): Promise<WireInvocationResponse> {
    const started = performance.now();
    log.write('debug', fn.name, `Executing (id ${invocationId})`);
    let timer: NodeJS.Timeout | undefined;
    try {
      const work = run(fn, invocation, invocationId);
      if (timeoutMs === undefined) return await work;
      const limit = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          const message = `Function ${fn.name} (id ${invocationId}) ran longer than the functionTimeout of ${timeoutMs / 1000} s.`;
          reject(new FunctionTimeoutError(message));
          onTimeout(message);
        }, timeoutMs);
      });
      return await Promise.race([work, limit]);
    } catch (error) {
      log.write('error', fn.name, `Failed (id ${invocationId}): ${describeFailure(error)}`);
      throw error;
    } finally {
      clearTimeout(timer);
      log.write('debug', fn.name, `Executed (id ${invocationId}) in ${Math.round(performance.now() - started)} ms`);
    }
  }

  return {
    invoke(fn, invocation, invocationId = randomUUID()) {
      const promise = runInTime(fn, invocation, invocationId);
      const settled = promise.then(
        () => undefined,
        () => undefined,
      );
      running.add(settled);
      void settled.then(() => running.delete(settled));
      return promise;
    },

    get running() {
      return running.size;
    },

    async idle(limitMs) {
      const limit = new AbortController();
      const allDone = async (): Promise<void> => {
        while (running.size > 0 && !limit.signal.aborted) await Promise.all(running);
      };
      const limitReached = delay(limitMs, undefined, { signal: limit.signal }).catch(() => undefined);
      await Promise.race([allDone(), limitReached]);
      limit.abort();
      return running.size === 0;
    },
  };
}

/** Message and stack; of the stack only what is the app's. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  const isForeign = (line: string): boolean =>
    /^\s+at .*(node:|@azure\/functions\/|\/local\/host\/[^/]+\.ts)|^\s+at .*<anonymous>\)$/.test(line);
  return (error.stack ?? error.message)
    .split('\n')
    .filter((line) => !isForeign(line))
    .join('\n');
}
