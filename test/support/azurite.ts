import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { TableClient } from '@azure/data-tables';
import { type RunningProcess, startProcess } from '../../local/processes.ts';

/** Azurite's table service in memory, in a process of its own. */
export interface Azurite {
  readonly connectionString: string;
  open(table: string): TableClient;
  stop(): Promise<void>;
}

// Account name and key that every storage emulator shares; they are public.
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export async function startAzurite(): Promise<Azurite> {
  const port = await findFreePort();
  const flags = ['--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry', '--silent'];
  const child: RunningProcess = await startProcess({
    name: 'tables',
    args: [
      fileURLToPath(import.meta.resolve('azurite/dist/src/table/main.js')),
      ...['--tableHost', '127.0.0.1', '--tablePort', String(port)],
      ...flags,
    ],
    readReady: (line) => (line.includes('successfully') ? { port } : undefined),
  });
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};TableEndpoint=http://127.0.0.1:${port}/${account};`;
  return {
    connectionString,
    open: (table) => TableClient.fromConnectionString(connectionString, table, { allowInsecureConnection: true }),
    async stop() {
      await child.stop();
    },
  };
}

/** Azurite takes port 0 but never tells which one it got. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
