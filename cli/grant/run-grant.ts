import { AppError } from '../app-client.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import { checkedSecret } from '../secrets.ts';
import { UsageError } from '../usage-error.ts';
import { AdminClient } from './admin-client.ts';
import { compareAccess, grantAccess } from './grant-access.ts';
import type { GrantCommand, RevokeCommand } from './grant-arguments.ts';
import { listPrivileges, privilegeListText } from './privilege-list.ts';
import type { Line } from './report-lines.ts';
import { revokeAccess } from './revoke-access.ts';

/** What the commands are given of the world. */
export interface GrantWorld {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly askSecretly: (what: string) => Promise<string | undefined>;
  readonly sleep: (ms: number) => Promise<void>;
  /** A token of whoever is signed in to the Azure CLI; undefined where nobody is. */
  readonly azureToken?: ((scope: string) => Promise<string | undefined>) | undefined;
}

/**
 * Grants, or shows what would be granted; resolves to the exit code: 3 where a check finds that something is lacking.
 * @throws UsageError where there is no token and nobody to ask; AppError where Dataverse refuses
 */
export async function runGrant(command: GrantCommand, json: boolean, world: GrantWorld): Promise<ExitCode> {
  const { wanted, dataverse, aim } = command;
  if (dataverse === undefined) {
    world.write(json ? jsonText(listPrivileges(wanted)) : privilegeListText(wanted));
    return exitCodes.ok;
  }
  const client = new AdminClient(dataverse, await tokenFor(dataverse, world), world.sleep);
  const difference = await compareAccess(client, wanted);
  const { lines, notes, isComplete } = difference;
  if (aim !== 'do' || isComplete) {
    const end = isComplete ? 'All of it is there; nothing was changed.\n' : 'Nothing was changed.\n';
    report({ lines: [...lines, ...notes], isChanged: false, isComplete, end }, json, world);
    return aim === 'check' && !isComplete ? exitCodes.bad : exitCodes.ok;
  }
  const there = lines.filter(({ kind }) => kind === 'there');
  const done = await collect((tell) => grantAccess(client, wanted, difference, tell), world, json, lines);
  const end = 'It may take half a minute until Dataverse knows. Then check with: backstamp doctor\n';
  report({ lines: [...there, ...done, ...notes], isChanged: true, isComplete: true, end }, json, world);
  return exitCodes.ok;
}

/**
 * Takes back what was granted; resolves to the exit code.
 * @throws UsageError where there is no token and nobody to ask; AppError where Dataverse refuses
 */
export async function runRevoke(command: RevokeCommand, json: boolean, world: GrantWorld): Promise<ExitCode> {
  const client = new AdminClient(command.dataverse, await tokenFor(command.dataverse, world), world.sleep);
  const done = await collect((tell) => revokeAccess(client, command, tell), world, json, []);
  const isChanged = done.some(({ kind }) => kind === 'done');
  const isComplete = !done.some(({ kind }) => kind === 'todo');
  report({ lines: done, isChanged, isComplete, end: isChanged ? '' : 'Nothing was changed.\n' }, json, world);
  return exitCodes.ok;
}

async function tokenFor(dataverse: string, world: GrantWorld): Promise<string> {
  const token =
    (world.environment.DATAVERSE_TOKEN || (await world.azureToken?.(`${dataverse}/.default`))) ??
    (await world.askSecretly(`Token for ${dataverse}`));
  if (token !== undefined && token !== '') return checkedSecret(token, 'DATAVERSE_TOKEN');
  throw new UsageError('Set DATAVERSE_TOKEN to an administrator\'s token, or sign in as one with "az login".');
}

/**
 * Gathers what is done. Where it ends in the midst, says what was done and what was not before the failure goes on.
 * @param planned everything that was to be done
 */
async function collect(
  run: (tell: (line: Line) => void) => Promise<void>,
  world: GrantWorld,
  json: boolean,
  planned: readonly Line[],
): Promise<Line[]> {
  const done: Line[] = [];
  try {
    await run((line) => done.push(line));
    return done;
  } catch (error) {
    if (!(error instanceof AppError) || done.length === 0) throw error;
    const isDone = new Set(done.map(({ text }) => text));
    const left = planned.filter(({ kind, text }) => kind === 'todo' && !isDone.has(text));
    const end = 'It ended in the midst: what stands as "todo" was not done. Run it again when the reason is gone.\n';
    report({ lines: [...done, ...left], isChanged: true, isComplete: false, end }, json, world);
    throw error;
  }
}

interface Report {
  readonly lines: readonly Line[];
  readonly isChanged: boolean;
  readonly isComplete: boolean;
  /** What to say at the end. */
  readonly end: string;
}

function report({ lines, isChanged, isComplete, end }: Report, json: boolean, world: GrantWorld): void {
  world.write(
    json
      ? jsonText({ isChanged, isComplete, steps: lines })
      : [...lines.map(({ kind, text }) => `${kind.padEnd(5)}  ${text}\n`), end].join(''),
  );
}

const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
