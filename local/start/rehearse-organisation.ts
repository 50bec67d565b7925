import { AppClient } from '../../cli/app-client.ts';
import { discoveryText, doctorText, rowsText } from '../../cli/show.ts';
import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import { createDataverse } from '../../shared/dataverse/client.ts';
import { isLocal } from '../../shared/dataverse/identities.ts';
import { createLocalCredential } from '../../shared/dataverse/local-credential.ts';
import { discover } from '../../shared/inspect/discover.ts';
import { silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { localClientId, type Stack, type StackOptions, startStack } from '../stack.ts';
import { UsageError } from './arguments.ts';
import { startIdentityEndpoint } from './identity-endpoint.ts';
import { Progress, summaryOf } from './progress.ts';
import { RunsClient } from './runs-client.ts';
import { signIn } from './sign-in.ts';

type Write = (text: string) => void;

/** Rows of each table that are shown of what a run would write. */
const sampleSize = 5;

/** A rehearsal on a real organisation that stays up, or is over. */
export interface OrganisationRehearsal {
  readonly stack: Stack;
  /** Whether the doctor found no fault and every table could be rehearsed. */
  readonly isGood: boolean;
  stop(): Promise<void>;
}

/**
 * Brings up the stack around a real organisation, and shows what linking would do to it: finds the tables, checks
 * everything, and rehearses. The app runs with BACKSTAMP_READ_ONLY, so its client sends nothing that might write.
 * @throws UsageError where nobody can be signed in, or the organisation has no such tables
 */
export async function rehearseOrganisation(
  { organisation, tables }: { readonly organisation: string; readonly tables: readonly string[] },
  options: Pick<StackOptions, 'appDir' | 'ports' | 'hostLogLevel' | 'log'>,
  write: Write,
): Promise<OrganisationRehearsal> {
  const person = isLocal(organisation) ? undefined : await signIn(organisation);
  if (person !== undefined) write(`Signed in to ${organisation} as ${person.who}.\n`);
  const setup = await discovered(organisation, person?.credential, tables, write);

  const endpoint = person && (await startIdentityEndpoint(person.credential, organisation));
  write('\nStarting Azurite, the Service Bus broker and the function host …\n');
  const stack = await startStack({
    ...options,
    organisation,
    settings: {
      ...endpoint?.settings,
      BACKSTAMP_READ_ONLY: 'true',
      BACKSTAMP_UNIFICATION: JSON.stringify(setup),
      AZURE_CLIENT_ID: localClientId,
    },
  });
  const stop = async (): Promise<void> => {
    await stack.stop();
    endpoint?.close();
  };
  try {
    return { stack, isGood: await report(stack, write), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The set-up that the map tells, of all its tables or some. */
async function discovered(
  url: string,
  credential: Parameters<typeof startIdentityEndpoint>[0] | undefined,
  wanted: readonly string[],
  write: Write,
): Promise<UnificationSetup> {
  const dataverse = createDataverse({
    url,
    identities: [{ clientId: localClientId, credential: credential ?? createLocalCredential(url, localClientId) }],
    telemetry: silentTelemetry,
    maxConcurrency: 8,
    freeBudgetPercent: 50,
    bypass: { customLogic: 'none', flows: false },
    isReadOnly: true,
  });
  write('\nReading from the map which tables it is about …\n');
  const discovery = await discover(dataverse);
  write(discoveryText(discovery));
  const { setup } = discovery;
  if (setup === undefined) throw new UsageError('No source table was found: see above.');
  const found = setup.tables.map(({ table }) => table);
  const missing = wanted.filter((table) => !found.includes(table));
  if (missing.length > 0) {
    throw new UsageError(`--table ${missing.join(', ')}: not among what the map is about: ${found.join(', ')}.`);
  }
  return wanted.length === 0 ? setup : { ...setup, tables: setup.tables.filter(({ table }) => wanted.includes(table)) };
}

async function report(stack: Stack, write: Write): Promise<boolean> {
  const app = new AppClient(stack.hostUrl, { key: stack.functionKey });
  write('\nChecking everything that linking needs, with your rights in place of the app’s …\n');
  const checks = await app.doctor();
  write(doctorText(checks));

  write('\nRehearsing: everything is read and compared, nothing is written …\n');
  const { runId } = await app.start({ mode: 'rehearsal' }, (ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  const progress = new Progress(new Map(), write);
  const run = await new RunsClient(stack.hostUrl, stack.functionKey).follow(runId, (state) => progress.show(state));
  write(`\n${summaryOf(run)}\n`);
  for (const { table, details } of run.tasks) {
    const { rows, continuation } = await app.rows(runId, table, { pageSize: String(sampleSize) });
    if (details.length + rows.length === 0) continue;
    write(`\n${table}\n${details.map((line) => `  ${line}\n`).join('')}`);
    if (rows.length > 0) write(rowsText(rows, continuation !== undefined));
  }
  write('\nNothing was written to the organisation.\n');
  const isChecked = !checks.checks.some(({ level }) => level === 'fault');
  return isChecked && run.status !== 'Failed' && run.status !== 'Skipped';
}
