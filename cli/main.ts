#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { askSecretly } from './ask-secretly.ts';
import { azureToken } from './azure-token.ts';
import { runCommand } from './run-command.ts';
import { terminalOf } from './terminal.ts';

// A reader that has seen enough (`backstamp rows … | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCommand(process.argv.slice(2), {
  environment: process.env,
  write: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
  askSecretly,
  sleep: (ms) => sleep(ms),
  now: Date.now,
  terminal: terminalOf(process.stdout, process.env),
  errorTerminal: terminalOf(process.stderr, process.env),
  azureToken,
});
