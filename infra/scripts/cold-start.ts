/**
 * Loads a built app as the Functions worker does and prints, in milliseconds, how long after the start of this process
 * all its functions were registered.
 *
 *     node infra/scripts/cold-start.ts <folder of the app>
 */
import { glob, readFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// What the app must find to start; it connects to none of these before its first invocation.
Object.assign(process.env, {
  DATAVERSE_URL: 'https://example.crm.dynamics.com',
  ServiceBusConnection__fullyQualifiedNamespace: 'example.servicebus.windows.net',
  StateStorage__tableServiceUri: 'https://example.table.core.windows.net',
  AZURE_CLIENT_ID: '00000000-0000-4000-8000-000000000000',
  // Without it one function would stay out.
  BACKSTAMP_POLL_MINUTES: '60',
  BACKSTAMP_UNIFICATION: JSON.stringify({
    environmentKind: 'individual',
    output: 'dataverse',
    tables: [{ table: 'contact', dataSource: 'd', entity: 'contact', connector: 'dataverse', primaryKey: 'contactid' }],
  }),
});

const appFolder = process.argv[2];
if (appFolder === undefined) throw new Error('Name the folder of the built app.');

// The worker alone supplies this module; all that a start needs of it is that functions can be registered.
const functionsCore = 'cold-start:functions-core';
const registered = new Set<string>();
Object.assign(globalThis, { countFunction: (name: string) => registered.add(name) });
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@azure/functions-core' ? { url: functionsCore, shortCircuit: true } : next(specifier, context),
  load: (url, context, next) =>
    url === functionsCore
      ? {
          format: 'commonjs',
          shortCircuit: true,
          source: `const disposable = () => ({ dispose() {} });
            module.exports = { setProgrammingModel() {}, log() {}, registerHook: disposable,
              registerFunction: ({ name }) => (globalThis.countFunction(name), disposable()) };`,
        }
      : next(url, context),
});

const { main } = JSON.parse(await readFile(join(appFolder, 'package.json'), 'utf8')) as { main: string };
const files: string[] = [];
for await (const file of glob(main, { cwd: appFolder })) files.push(file);
for (const file of files.sort()) await import(pathToFileURL(join(appFolder, file)).href);
console.log(JSON.stringify({ ms: Math.round(performance.now()), functions: registered.size }));
// An app holds timers and connections of its own.
process.exit(0);
