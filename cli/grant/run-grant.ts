import { type ExitCode, exitCodes } from '../exit-code.ts';
import { UsageError } from '../usage.ts';
import { AdminClient } from './admin-client.ts';
import { grantAccess, type Step } from './grant-access.ts';
import type { GrantCommand } from './grant-arguments.ts';
import { listPrivileges, privilegeListText } from './privilege-list.ts';

interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly askSecretly: (what: string) => Promise<string | undefined>;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Grants, or prints what would be granted; resolves to the exit code.
 * @throws UsageError where there is no token and nobody to ask; AppError where Dataverse refuses
 */
export async function runGrant({ wanted, dataverse }: GrantCommand, json: boolean, world: World): Promise<ExitCode> {
  if (dataverse === undefined) {
    world.write(json ? jsonText(listPrivileges(wanted)) : privilegeListText(wanted));
    return exitCodes.ok;
  }
  const token = world.environment.DATAVERSE_TOKEN ?? (await world.askSecretly(`Token for ${dataverse}`));
  if (token === undefined || token === '') {
    const how = `az account get-access-token --resource ${dataverse} --query accessToken --output tsv`;
    throw new UsageError(`Set DATAVERSE_TOKEN to an administrator's token; get one with: ${how}`);
  }
  const steps = await grantAccess(new AdminClient(dataverse, token, world.sleep), wanted);
  const isChanged = steps.some(({ kind }) => kind === 'done');
  world.write(json ? jsonText({ isChanged, steps }) : stepsText(steps, isChanged));
  return exitCodes.ok;
}

const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const stepsText = (steps: readonly Step[], isChanged: boolean): string =>
  [
    ...steps.map(({ kind, text }) => `${kind.padEnd(5)}  ${text}\n`),
    isChanged
      ? 'It may take half a minute until Dataverse knows. Then check with: backstamp doctor\n'
      : 'All of it was there; nothing was changed.\n',
  ].join('');
