/** Makes Node answer the module name `@azure/functions-core`, which only a Functions worker provides, with our module. */
import { registerHooks } from 'node:module';
import type { AppRegistry } from './app-registry.ts';
import { functionsCoreSlot } from './functions-core.ts';

const moduleUrl = new URL('./functions-core.ts', import.meta.url).href;
let isHooked = false;

/**
 * From now on, what an app registers goes to `registry`. To be called before any of the app's files is imported:
 * `@azure/functions` asks once, at its first registration, and stays in its test mode if nobody answers.
 */
export function provideFunctionsCore(registry: AppRegistry): void {
  functionsCoreSlot().registry = registry;
  if (isHooked) return;
  isHooked = true;
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === '@azure/functions-core'
        ? { url: moduleUrl, format: 'module-typescript', shortCircuit: true }
        : nextResolve(specifier, context),
  });
}
