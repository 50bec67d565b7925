/**
 * `npm start`: brings up the embedded stack with the built app in it, links a sample organisation (or real data given
 * with --data) end to end, shows that a second event touches only what changed, and stays up.
 */
import { fileURLToPath } from 'node:url';
import { SampleDataError, unificationSetup } from './sample/organisation.ts';
import { startStack } from './stack.ts';
import { parseStartArguments, UsageError } from './start/arguments.ts';
import { playScenario, prepareScenario } from './start/scenario.ts';

const write = (text: string): void => {
  process.stdout.write(text);
};

/** Lines of the stack's parts that a watcher should see; the rest would drown the account of the run. */
const isWarning = (line: string): boolean => /^[\d:.]+ (warn|error|critical)/.test(line);

async function main(): Promise<number> {
  const choice = parseStartArguments(process.argv.slice(2));
  const scenario = await prepareScenario(choice);
  const interrupted = new Promise<'interrupted'>((resolve) => {
    process.once('SIGINT', () => resolve('interrupted'));
    process.once('SIGTERM', () => resolve('interrupted'));
  });

  write('Starting Azurite, the Service Bus broker, the Dataverse stand-in and the function host …\n');
  const starting = startStack({
    appDir: fileURLToPath(new URL('..', import.meta.url)),
    ports: choice.ports,
    settings: {
      BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(scenario.organisation)),
      BACKSTAMP_PAGE_SIZE: '2000',
      // Real profiles take minutes to arrive; those of the sample are there at once.
      BACKSTAMP_SETTLING_INTERVAL_SECONDS: '2',
    },
    hostLogLevel: 'warn',
    log: (line, part) => {
      if (isWarning(line)) write(`  [${part}] ${line}\n`);
    },
  });
  const stack = await starting;
  try {
    const played = await Promise.race([playScenario(stack, scenario, write), interrupted]);
    if (played === 'interrupted') return 130;
    write(played ? '\nAll went well.\n' : '\nNot all went well: see above.\n');
    if (choice.exit) return played ? 0 : 1;
    write(`
The stack stays up until Ctrl-C:
  status page        ${stack.hostUrl}/api/status-page   (asks for the key: ${stack.functionKey})
  API                ${stack.hostUrl}/api/status   (header x-functions-key)
  Dataverse          ${stack.dataverseUrl}/api/data/v9.2/   (statistics: ${stack.dataverseUrl}/__control/stats)
  Service Bus        ${stack.serviceBusConnectionString}
  broker's counts    ${stack.brokerControlUrl}/__control/queues/link-tasks
  Table Storage      ${stack.tablesConnectionString}
`);
    await interrupted;
    return 0;
  } finally {
    await stack.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const isExpected = error instanceof UsageError || error instanceof SampleDataError;
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = isExpected ? 2 : 1;
}
