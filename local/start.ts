/**
 * `npm start`: brings up the embedded stack with the built app in it, links a sample organisation (or real data given
 * with --data) end to end, shows that a second event touches only what changed, and stays up. With --organisation it
 * rehearses on a real organisation instead, and writes nothing to it.
 */
import { fileURLToPath } from 'node:url';
import { SampleDataError, unificationSetup } from './sample/organisation.ts';
import { type Stack, type StackOptions, startStack } from './stack.ts';
import { parseStartArguments, type StartArguments, UsageError } from './start/arguments.ts';
import { rehearseOrganisation } from './start/rehearse-organisation.ts';
import { playScenario, prepareScenario } from './start/scenario.ts';

const write = (text: string): void => {
  process.stdout.write(text);
};

/** Lines of the stack's parts that a watcher should see; the rest would drown the account of the run. */
const isWarning = (line: string): boolean => /^[\d:.]+ (warn|error|critical)/.test(line);

/** What was brought up, and whether what was shown went well. */
interface Shown {
  readonly stack: Stack;
  readonly isGood: boolean;
  stop(): Promise<void>;
}

async function main(): Promise<number> {
  const choice = parseStartArguments(process.argv.slice(2));
  const interrupted = new Promise<'interrupted'>((resolve) => {
    process.once('SIGINT', () => resolve('interrupted'));
    process.once('SIGTERM', () => resolve('interrupted'));
  });
  const options = {
    appDir: fileURLToPath(new URL('..', import.meta.url)),
    ports: choice.ports,
    hostLogLevel: 'warn',
    log: (line: string, part: string) => {
      if (isWarning(line)) write(`  [${part}] ${line}\n`);
    },
  };
  const { organisation, tables } = choice;
  const shown =
    organisation === undefined
      ? await linkSample(choice, options, interrupted)
      : await Promise.race([rehearseOrganisation({ organisation, tables }, options, write), interrupted]);
  // What is under way ends with this process: its children follow it.
  if (shown === 'interrupted') process.exit(130);
  const { stack, isGood, stop } = shown;
  try {
    write(isGood ? '\nAll went well.\n' : '\nNot all went well: see above.\n');
    if (choice.exit) return isGood ? 0 : 1;
    write(addresses(stack, organisation !== undefined));
    await interrupted;
    return 0;
  } finally {
    await stop();
  }
}

async function linkSample(
  choice: StartArguments,
  options: Pick<StackOptions, 'appDir' | 'ports' | 'hostLogLevel' | 'log'>,
  interrupted: Promise<'interrupted'>,
): Promise<Shown | 'interrupted'> {
  const scenario = await prepareScenario(choice);
  write('Starting Azurite, the Service Bus broker, the Dataverse stand-in and the function host …\n');
  const stack = await startStack({
    ...options,
    settings: {
      BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(scenario.organisation)),
      BACKSTAMP_PAGE_SIZE: '2000',
      // Real profiles take minutes to arrive; those of the sample are there at once.
      BACKSTAMP_SETTLING_INTERVAL_SECONDS: '2',
    },
  });
  try {
    const isGood = await Promise.race([playScenario(stack, scenario, write), interrupted]);
    if (isGood !== 'interrupted') return { stack, isGood, stop: () => stack.stop() };
    await stack.stop();
    return 'interrupted';
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** As this machine's shell sets a variable. */
const setting = (name: string, value: string): string =>
  process.platform === 'win32' ? `$env:${name} = '${value}'` : `export ${name}=${value}`;

const addresses = (stack: Stack, isElsewhere: boolean): string => `
The stack stays up until Ctrl-C:
  status page        ${stack.hostUrl}/api/status-page   (asks for the key: ${stack.functionKey})
  API                ${stack.hostUrl}/api/status   (header x-functions-key)
  Dataverse          ${stack.dataverseUrl}/api/data/v9.2/${isElsewhere ? '   (read, never written)' : `   (statistics: ${stack.dataverseUrl}/__control/stats)`}
  Service Bus        ${stack.serviceBusConnectionString}
  broker's counts    ${stack.brokerControlUrl}/__control/queues/link-tasks
  Table Storage      ${stack.tablesConnectionString}

In another terminal, for the command line:
  ${setting('BACKSTAMP_URL', stack.hostUrl)}
  ${setting('BACKSTAMP_KEY', stack.functionKey)}
  npx --no backstamp status
`;

try {
  process.exitCode = await main();
} catch (error) {
  const isExpected = error instanceof UsageError || error instanceof SampleDataError;
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${text}
`);
  process.exitCode = isExpected ? 2 : 1;
}
