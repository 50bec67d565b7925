#!/usr/bin/env node
/**
 * Runs the function host as a process:
 * `node local/host/main.ts --app . --port 7071 [--function-key K] [--master-key M] [--log-level info] [--per-function]`.
 * With `--per-function`, HTTP functions run here and every other function in a process of its own, as on Flex Consumption.
 * The keys may also come as HOST_FUNCTION_KEY and HOST_MASTER_KEY; what is not given is made up and shown.
 * Prints `{"ready":"host","port":…,"functions":[…]}` when its triggers run. SIGTERM and SIGINT drain it.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startGroupProcesses } from './group-processes.ts';
import { startHost } from './host.ts';
import { HostStartError } from './host-start-error.ts';
import { createLog, parseLogLevel } from './log.ts';
import { messageOf } from './message-of.ts';
import { groupSetting, httpGroup } from './process-groups.ts';

/** How long running invocations may take to end after SIGTERM. */
const drainMs = 10_000;
/** After a timeout: time for the failed invocation's answer to leave, and its message to be given back. */
const farewellMs = 1_000;

function readArguments() {
  const { values } = parseArgs({
    options: {
      app: { type: 'string', default: '.' },
      port: { type: 'string', default: '7071' },
      'function-key': { type: 'string' },
      'master-key': { type: 'string' },
      'log-level': { type: 'string', default: 'info' },
      'per-function': { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new HostStartError(`--port ${values.port} is no port number.`);
  const level = parseLogLevel(values['log-level']);
  if (!level)
    throw new HostStartError(`--log-level ${values['log-level']} is none of trace, debug, info, warn, error, none.`);
  return { ...values, port, level };
}

async function main(): Promise<void> {
  const args = readArguments();
  const log = createLog(args.level, (line) => process.stdout.write(`${line}\n`));
  const appDir = resolve(args.app);
  process.chdir(appDir); // as the worker does
  // A process of one group does not outlive the one that started it, however that one ended.
  if (process.env[groupSetting] !== undefined) process.once('disconnect', () => process.exit(1));
  if (args['per-function']) process.env[groupSetting] = httpGroup;
  const givenFunctionKey = args['function-key'] ?? process.env.HOST_FUNCTION_KEY;
  const givenMasterKey = args['master-key'] ?? process.env.HOST_MASTER_KEY;

  const host = await startHost({
    appDir,
    port: args.port,
    log,
    functionKey: givenFunctionKey,
    masterKey: givenMasterKey,
    group: process.env[groupSetting],
    onTimeout(message) {
      log.write('critical', 'host', `${message} The process ends: a running handler cannot be stopped.`);
      setTimeout(() => process.exit(1), farewellMs);
    },
  });
  if (!givenFunctionKey) log.write('information', 'host', `Function key: ${host.keys.functionKey}`);
  if (!givenMasterKey) log.write('information', 'host', `Master key: ${host.keys.masterKey}`);

  const others = await startGroupProcesses(
    args['per-function'] ? host.groups.filter((group) => group !== httpGroup) : [],
    [
      ...['--app', appDir, '--port', '0', '--log-level', args['log-level']],
      ...['--function-key', host.keys.functionKey, '--master-key', host.keys.masterKey],
    ],
    log,
  );

  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    const [isIdle] = await Promise.all([host.stop(drainMs), others.stop()]);
    if (!isIdle) log.write('warning', 'host', `Invocations were still running after ${drainMs / 1000} s.`);
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
  process.stdout.write(`${JSON.stringify({ ready: 'host', port: host.port, functions: host.functions })}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}
