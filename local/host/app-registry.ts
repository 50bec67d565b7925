/** What an app registers while its files are loaded: functions and hooks. */

import type { Log, LogLevel } from './log.ts';
import { parseLogLevel } from './log.ts';
import { messageOf } from './message-of.ts';
import type { WireBinding, WireInvocation, WireInvocationResponse } from './wire-types.ts';

/** Undoes a registration. */
export interface Disposable {
  dispose(): void;
}

/** A handler as the app wrote it. */
export type FunctionCallback = (...args: unknown[]) => unknown;

/** Name and bindings of a function. */
export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, WireBinding>>;
}

/** What the model needs to know of one invocation. */
export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly metadata: FunctionMetadata;
  readonly request: WireInvocation & { readonly invocationId: string };
  state?: 'preInvocationHooks' | 'postInvocationHooks' | 'invocation';
  log(level: string, category: string, message: string): void;
}

/** One invocation as the library runs it. */
export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<WireInvocationResponse>;
}

/** The library's side of the worker. */
export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

/** A function that can be run. */
export interface RegisteredFunction {
  readonly name: string;
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
  /** Name of the trigger's binding, by which its data is passed. */
  readonly triggerName: string;
  readonly trigger: WireBinding;
}

export type HookName = 'appStart' | 'appTerminate' | 'preInvocation' | 'postInvocation' | 'log';
const hookNames: readonly string[] = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'];

/** Collects an app's functions and hooks, and runs the hooks. */
export interface AppRegistry {
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable;
  registerHook(hookName: string, callback: (context: unknown) => unknown): Disposable;
  /** Runs the hooks of a name one after another, in the order of their registration. */
  runHooks(hookName: HookName, context: object): Promise<void>;
  /** Passes a log record through the log hooks, which may change it. */
  applyLogHooks(record: { level: LogLevel; message: string; category: string; invocationContext?: unknown }): {
    level: LogLevel;
    message: string;
  };
  log(level: string, message: string): void;
  /** From now on a registration is an error, as in the worker. */
  seal(): void;
}

/** Creates an empty registry; records of the library go to `log`. */
export function createAppRegistry(log: Log): AppRegistry {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = new Map<string, Set<(context: unknown) => unknown>>();
  const appHookData: Record<string, unknown> = {};
  let isSealed = false;

  const refuseWhenSealed = (what: string): void => {
    if (isSealed) throw new Error(`${what} can only be registered while the app starts.`);
  };

  return {
    functions,

    registerFunction(metadata, callback) {
      refuseWhenSealed('A function');
      const { name } = metadata;
      if (functions.has(name)) throw new Error(`A function named "${name}" is registered twice.`);
      const found = Object.entries(metadata.bindings).find(([, binding]) => /trigger$/i.test(binding.type));
      if (!found) throw new Error(`Function "${name}" has no trigger.`);
      const [triggerName, trigger] = found;
      functions.set(name, { name, metadata, callback, triggerName, trigger });
      return { dispose: () => void functions.delete(name) };
    },

    registerHook(hookName, callback) {
      if (!hookNames.includes(hookName)) throw new RangeError(`Unrecognized hook "${hookName}".`);
      const known = hooks.get(hookName) ?? new Set();
      hooks.set(hookName, known.add(callback));
      return { dispose: () => void known.delete(callback) };
    },

    async runHooks(hookName, context) {
      for (const hook of hooks.get(hookName) ?? []) await hook(Object.assign(context, { appHookData }));
    },

    applyLogHooks(record) {
      const context = { ...record, hookData: {}, appHookData };
      for (const hook of hooks.get('log') ?? []) {
        try {
          hook(context);
        } catch (error) {
          log.write('warning', 'host', `A log hook failed: ${messageOf(error)}`);
        }
      }
      return { level: context.level, message: context.message };
    },

    log: (level, message) => log.write(parseLogLevel(level) ?? 'information', 'worker', message),
    seal: () => {
      isSealed = true;
    },
  };
}
