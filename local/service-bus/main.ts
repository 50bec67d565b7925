#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Broker, startBroker } from './broker.ts';
import { loadConfig } from './config.ts';

const DEFAULT_CONFIG = fileURLToPath(new URL('./Config.json', import.meta.url));

function readPort(text: string, option: string): number {
  const port = Number(text);
  if (text.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--${option} ${text}: give a port number from 0 to 65535 (0 takes any free one)`);
  }
  return port;
}

/** One line that says what is wrong and what to do. */
function explain(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { code, port } = thrown as NodeJS.ErrnoException & { readonly port?: number };
  if (code === 'EADDRINUSE')
    return `port ${port} is in use; stop what uses it, or choose another with --port or --control-port`;
  return thrown.message.replaceAll('\n', ' ');
}

async function start(): Promise<Broker> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '5672' },
      'control-port': { type: 'string', default: '5300' },
      config: { type: 'string', default: DEFAULT_CONFIG },
    },
  });
  return startBroker({
    config: await loadConfig(values.config),
    port: readPort(values.port, 'port'),
    controlPort: readPort(values['control-port'], 'control-port'),
  });
}

try {
  const broker = await start();
  const stop = (): void => {
    broker.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  console.log(JSON.stringify({ ready: 'service-bus', port: broker.port, controlPort: broker.controlPort }));
} catch (thrown) {
  console.error(`service-bus: ${explain(thrown)}`);
  process.exitCode = 1;
}
