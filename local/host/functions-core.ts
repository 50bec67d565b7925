/**
 * The module that an app's `@azure/functions` receives when it asks for `@azure/functions-core`.
 *
 * It is loaded by Node's own loader, perhaps beside another copy in a bundler or test runner, so it keeps nothing
 * itself: what is registered goes to the registry that the host has put in a process-wide place.
 */
import type { AppRegistry, Disposable, FunctionCallback, FunctionMetadata, ProgrammingModel } from './app-registry.ts';

/** Process-wide place of the registry and the model; the model is announced once per process. */
export interface FunctionsCoreSlot {
  registry?: AppRegistry;
  model?: ProgrammingModel;
}

const slotKey = Symbol.for('backstamp.functions-core');

/** The place itself, made on first use. */
export function functionsCoreSlot(): FunctionsCoreSlot {
  const holder = globalThis as { [slotKey]?: FunctionsCoreSlot };
  holder[slotKey] ??= {};
  return holder[slotKey];
}

function registry(): AppRegistry {
  const current = functionsCoreSlot().registry;
  if (!current) throw new Error('@azure/functions-core was asked for outside a running function host.');
  return current;
}

/** Announces the programming model that turns wire requests into handler calls. */
export function setProgrammingModel(model: ProgrammingModel): void {
  functionsCoreSlot().model = model;
}

/** Registers one function of the app. */
export function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
  return registry().registerFunction(metadata, callback);
}

/** Registers a hook: appStart, appTerminate, preInvocation, postInvocation or log. */
export function registerHook(hookName: string, callback: (context: unknown) => unknown): Disposable {
  return registry().registerHook(hookName, callback);
}

/** Writes a record of the library to the host's log. */
export function log(level: string, _category: string, message: string): void {
  registry().log(level, message);
}
