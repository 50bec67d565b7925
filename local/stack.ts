/**
 * The embedded stack: Azurite's table service, the Service Bus broker, the Dataverse stand-in, and the function host
 * with the app in it. Each is a process of its own on loopback, so that any of them can be killed and started again.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type ProcessEnd, type RunningProcess, startProcess } from './processes.ts';

/** The parts of the stack. */
export type StackPart = 'tables' | 'broker' | 'dataverse' | 'host';

/** Ports on 127.0.0.1; what is left out, or 0, takes a free one. */
export interface StackPorts {
  readonly host?: number;
  readonly dataverse?: number;
  readonly broker?: number;
  readonly brokerControl?: number;
  readonly tables?: number;
}

/** How to start the stack. */
export interface StackOptions {
  readonly ports?: StackPorts;
  /** Folder of the built app. */
  readonly appDir: string;
  /** Root address of an organisation elsewhere, in place of the stand-in. */
  readonly organisation?: string;
  /** App settings on top of those that point at the stack. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Keeps the tables in this folder; left out, they are in memory and end with their process. */
  readonly tableStorageDir?: string;
  /** Takes each line that a part writes; left out, they are dropped. */
  readonly log?: (line: string, part: StackPart) => void;
  /** Level of the host's log, `info` unless given. */
  readonly hostLogLevel?: string;
  /** Runs every function in a process of its own, the HTTP functions together in one, as on Flex Consumption. */
  readonly perFunctionProcesses?: boolean;
}

/** The running stack. */
export interface Stack {
  readonly hostUrl: string;
  readonly dataverseUrl: string;
  readonly brokerControlUrl: string;
  readonly serviceBusConnectionString: string;
  readonly tablesConnectionString: string;
  /** The app settings that the host was given. */
  readonly settings: Readonly<Record<string, string>>;
  readonly functionKey: string;
  readonly masterKey: string;
  /** Names of the app's functions. */
  readonly functions: readonly string[];
  /** Stops a part if it runs, and starts it on the same port. */
  restart(part: StackPart): Promise<void>;
  /** Sends a signal (SIGKILL unless given) and waits for the end; the part stays down until it is restarted. */
  kill(part: StackPart, signal?: NodeJS.Signals): Promise<ProcessEnd>;
  /** Process id of a part as it runs now. */
  pidOf(part: StackPart): number;
  /** Resolves when the part that runs now has ended, for whatever reason. */
  ended(part: StackPart): Promise<ProcessEnd>;
  /** Stops everything, the host first, so that it can finish what it is doing. */
  stop(): Promise<void>;
}

/** Client id that the app shows to the Dataverse stand-in, whose sample organisation knows it. */
export const localClientId = '6f1d2c3a-58b7-4e0f-9a41-2d7c8e5b9013';

// Account name and key that Azurite and every other storage emulator share; they are public.
const storageAccount = 'devstoreaccount1';
const storageKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/**
 * Starts the stack; resolves when the host runs the app's triggers.
 * @throws Error of the part that could not start; the others are stopped again
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { ports = {}, log } = options;
  const functionKey = randomBytes(24).toString('base64url');
  const masterKey = randomBytes(24).toString('base64url');
  const running = new Map<StackPart, RunningProcess>();
  const known = { host: 0, dataverse: 0, broker: 0, brokerControl: 0, tables: 0, ...ports };
  let settings: Readonly<Record<string, string>> = {};

  const start = async (part: StackPart): Promise<void> => {
    const command = commandOf(part, known, options);
    const env = part === 'host' ? { ...settings, HOST_FUNCTION_KEY: functionKey, HOST_MASTER_KEY: masterKey } : {};
    const child = await startProcess({
      name: part,
      ...command,
      env,
      ...(log ? { onLine: (line: string) => log(line, part) } : {}),
    });
    running.set(part, child);
    known[part] = Number(child.ready.port);
    if (part === 'broker') known.brokerControl = Number(child.ready.controlPort);
  };
  const stopAll = async (): Promise<void> => {
    await running.get('host')?.stop();
    await Promise.all([...running.values()].map((child) => child.stop()));
  };
  const find = (part: StackPart): RunningProcess => {
    const child = running.get(part);
    if (!child) throw new Error(`The stack's part "${part}" was never started.`);
    return child;
  };

  try {
    if (known.tables === 0) known.tables = await findFreePort();
    const own = (['tables', 'broker', 'dataverse'] as const).filter(
      (part) => part !== 'dataverse' || options.organisation === undefined,
    );
    const outcomes = await Promise.allSettled(own.map(start));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const elsewhere = options.organisation === undefined ? {} : { DATAVERSE_URL: options.organisation };
    settings = { ...connectionSettings(known), ...elsewhere, ...options.settings };
    await start('host');
  } catch (error) {
    await stopAll();
    throw error;
  }

  return {
    hostUrl: `http://127.0.0.1:${known.host}`,
    dataverseUrl: options.organisation ?? `http://127.0.0.1:${known.dataverse}`,
    brokerControlUrl: `http://127.0.0.1:${known.brokerControl}`,
    serviceBusConnectionString: serviceBusConnectionString(known.broker),
    tablesConnectionString: tablesConnectionString(known.tables),
    settings,
    functionKey,
    masterKey,
    functions: find('host').ready.functions as string[],
    async restart(part) {
      await find(part).stop();
      await start(part);
    },
    async kill(part, signal = 'SIGKILL') {
      find(part).kill(signal);
      return await find(part).ended;
    },
    pidOf: (part) => find(part).pid,
    ended: (part) => find(part).ended,
    stop: stopAll,
  };
}

function commandOf(part: StackPart, ports: Required<StackPorts>, options: StackOptions) {
  const port = ['--port', String(ports[part])];
  switch (part) {
    case 'tables': {
      const { tableStorageDir } = options;
      const where = tableStorageDir === undefined ? ['--inMemoryPersistence'] : ['--location', tableStorageDir];
      const flags = ['--silent', '--skipApiVersionCheck', '--disableTelemetry'];
      const listen = ['--tableHost', '127.0.0.1', '--tablePort', String(ports.tables)];
      return {
        args: [fileURLToPath(import.meta.resolve('azurite/dist/src/table/main.js')), ...listen, ...where, ...flags],
        readReady: readAzuriteReady,
        // At any other signal it forgets what it was told in the last seconds.
        stopSignal: 'SIGINT' as const,
      };
    }
    case 'broker': {
      const control = ['--control-port', String(ports.brokerControl)];
      const config = ['--config', pathOf('./service-bus/Config.json')];
      return { args: [pathOf('./service-bus/main.ts'), ...port, ...control, ...config] };
    }
    case 'dataverse':
      return { args: [pathOf('./dataverse/main.ts'), ...port] };
    case 'host': {
      const level = ['--log-level', options.hostLogLevel ?? 'info'];
      const mode = options.perFunctionProcesses ? ['--per-function'] : [];
      return { args: [pathOf('./host/main.ts'), '--app', options.appDir, ...port, ...level, ...mode] };
    }
  }
}

/** Azurite says that it listens in a sentence. */
function readAzuriteReady(line: string): { port: number } | undefined {
  const match = /successfully started on 127\.0\.0\.1:(\d+)/.exec(line);
  return match ? { port: Number(match[1]) } : undefined;
}

/** Azurite takes port 0 but never tells which one it got, so a free one is looked for beforehand. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const connectionSettings = (ports: Required<StackPorts>): Record<string, string> => ({
  DATAVERSE_URL: `http://127.0.0.1:${ports.dataverse}`,
  ServiceBusConnection: serviceBusConnectionString(ports.broker),
  StateStorage: tablesConnectionString(ports.tables),
  AZURE_CLIENT_ID: localClientId,
});

// The key is literally this text, in Microsoft's emulator too.
const serviceBusConnectionString = (port: number): string =>
  `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;`;

const tablesConnectionString = (port: number): string =>
  `DefaultEndpointsProtocol=http;AccountName=${storageAccount};AccountKey=${storageKey};TableEndpoint=http://127.0.0.1:${port}/${storageAccount};`;
