#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteStream } from 'node:tty';
import { askSecretly } from './ask-secretly.ts';
import { azureToken } from './azure-token.ts';
import { runCommand } from './run-command.ts';
import type { Terminal } from './world.ts';

// A reader that has seen enough (`backstamp rows … | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/** NO_COLOR takes colours away, whatever it holds (no-color.org). */
const terminalOf = (stream: WriteStream): Terminal | undefined =>
  stream.isTTY
    ? { columns: () => stream.columns || 80, isColoured: !process.env.NO_COLOR && stream.hasColors() }
    : undefined;

process.exitCode = await runCommand(process.argv.slice(2), {
  environment: process.env,
  write: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
  askSecretly,
  sleep: (ms) => sleep(ms),
  now: Date.now,
  terminal: terminalOf(process.stdout),
  errorTerminal: terminalOf(process.stderr),
  azureToken,
});
