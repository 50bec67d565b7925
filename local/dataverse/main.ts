#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startDataverse } from './server.ts';

/** `node local/dataverse/main.ts --port 8610`: says when it is ready in one line of JSON, and ends on SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '8610' } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is not a port number.`);
  const dataverse = await startDataverse({ port });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // Answers still on their way would keep the process alive for as long as they take.
    process.once(signal, () => void dataverse.close().then(() => process.exit(0)));
  }
  process.stdout.write(`${JSON.stringify({ ready: 'dataverse', port: dataverse.port })}\n`);
}

main().catch((error: NodeJS.ErrnoException & { port?: number }) => {
  const taken = `Port ${error.port} is in use: stop what listens there, or choose another with --port.`;
  process.stderr.write(`Dataverse stand-in: ${error.code === 'EADDRINUSE' ? taken : error.message}\n`);
  process.exitCode = 1;
});
