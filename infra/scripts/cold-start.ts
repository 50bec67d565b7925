/**
 * Loads a built app as the Functions worker does and prints, in milliseconds, how long after the start of this process
 * all its functions were registered.
 *
 *     node infra/scripts/cold-start.ts <folder of the app>
 */
import { loadApp } from '../../local/host/app-loader.ts';
import { createAppRegistry } from '../../local/host/app-registry.ts';

// What the app must find to start; it connects to none of these before its first invocation.
Object.assign(process.env, {
  DATAVERSE_URL: 'https://example.crm.dynamics.com',
  ServiceBusConnection__fullyQualifiedNamespace: 'example.servicebus.windows.net',
  StateStorage__tableServiceUri: 'https://example.table.core.windows.net',
  AZURE_CLIENT_ID: '00000000-0000-4000-8000-000000000000',
  BACKSTAMP_UNIFICATION: JSON.stringify({
    environmentKind: 'individual',
    output: 'dataverse',
    tables: [{ table: 'contact', dataSource: 'd', entity: 'contact', connector: 'dataverse', primaryKey: 'contactid' }],
  }),
});

const appFolder = process.argv[2];
if (appFolder === undefined) throw new Error('Name the folder of the built app.');
const registry = createAppRegistry({ write() {} });
await loadApp(appFolder, registry);
console.log(JSON.stringify({ ms: Math.round(performance.now()), functions: registry.functions.size }));
// An app holds timers and connections of its own.
process.exit(0);
