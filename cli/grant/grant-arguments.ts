import { logicalNameSchema } from '../../shared/contracts/unification-setup.ts';
import { UsageError } from '../usage-error.ts';
import type { Wanted } from './wanted.ts';

/** What a command is after: the list alone, the difference, whether there is one, or the deed. */
export type Aim = 'print' | 'dryRun' | 'check' | 'do';

export interface GrantCommand {
  readonly name: 'grant';
  readonly wanted: Wanted;
  /** Root of the environment; undefined where the list is only to be printed. */
  readonly dataverse: string | undefined;
  readonly aim: Aim;
}

export interface RevokeCommand {
  readonly name: 'revoke';
  readonly clientIds: readonly string[];
  readonly installation: string | undefined;
  readonly dataverse: string;
  readonly isDryRun: boolean;
}

/** What the command line gives, by the names of its options. */
export interface GrantValues {
  readonly 'url-dataverse'?: string | undefined;
  readonly 'client-id'?: readonly string[] | undefined;
  /** Identities that only write links. */
  readonly 'writer-id'?: readonly string[] | undefined;
  readonly table?: readonly string[] | undefined;
  /** Tables that are not linked any more. */
  readonly drop?: readonly string[] | undefined;
  /** Users and teams that may hold the roles besides. */
  readonly 'other-holder'?: readonly string[] | undefined;
  readonly installation?: string | undefined;
  readonly bypass?: boolean | undefined;
  readonly 'business-units'?: boolean | undefined;
  readonly ownership?: boolean | undefined;
  readonly print?: boolean | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly check?: boolean | undefined;
}

interface Environment {
  readonly DATAVERSE_URL?: string | undefined;
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const loopback: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** @throws UsageError */
export function toGrantCommand(values: GrantValues, environment: Environment): GrantCommand {
  const aim = aimOf(values);
  const tables = logicalNames('--table', values.table);
  if (tables.length === 0) throw new UsageError('Name each source table: --table contact --table lead.');
  const dropped = logicalNames('--drop', values.drop);
  const both = dropped.find((table) => tables.includes(table));
  if (both !== undefined) throw new UsageError(`--drop ${both}: it is named with --table too.`);
  const clientIds = guids('--client-id', values['client-id']);
  const writerIds = guids('--writer-id', values['writer-id']);
  const twice = writerIds.find((id) => clientIds.includes(id));
  if (twice !== undefined) throw new UsageError(`--writer-id ${twice}: it is named with --client-id too.`);
  const wanted: Wanted = {
    ...{ tables, dropped, clientIds, writerIds, bypass: values.bypass ?? false },
    otherHolders: guids('--other-holder', values['other-holder']),
    extent: values.ownership ? 'ownership' : values['business-units'] ? 'businessUnits' : 'linking',
    installation: installationOf(values.installation),
  };
  if (aim === 'print') return { name: 'grant', wanted, aim, dataverse: undefined };
  demandIdentity(clientIds);
  return {
    name: 'grant',
    wanted,
    aim,
    dataverse: environmentOf(values['url-dataverse'] ?? environment.DATAVERSE_URL),
  };
}

/** @throws UsageError */
export function toRevokeCommand(values: GrantValues, environment: Environment): RevokeCommand {
  const clientIds = [...guids('--client-id', values['client-id']), ...guids('--writer-id', values['writer-id'])];
  demandIdentity(clientIds);
  return {
    ...{ name: 'revoke', clientIds, installation: installationOf(values.installation) },
    dataverse: environmentOf(values['url-dataverse'] ?? environment.DATAVERSE_URL),
    isDryRun: values['dry-run'] ?? false,
  };
}

function aimOf(values: GrantValues): Aim {
  const asked = [values.print && 'print', values['dry-run'] && 'dry-run', values.check && 'check'].filter(
    (one) => typeof one === 'string',
  );
  const [first, second] = asked;
  if (second !== undefined) throw new UsageError(`--${first} and --${second} exclude each other.`);
  if (first === 'dry-run') return 'dryRun';
  return (first as 'print' | 'check' | undefined) ?? 'do';
}

function logicalNames(option: string, names: readonly string[] = []): string[] {
  for (const name of names) {
    if (!logicalNameSchema.safeParse(name).success) {
      throw new UsageError(`${option} ${name}: must be a logical name, such as contact.`);
    }
  }
  return [...new Set(names)];
}

function guids(option: string, ids: readonly string[] = []): string[] {
  const odd = ids.find((id) => !guid.test(id));
  if (odd !== undefined) throw new UsageError(`${option} ${odd}: must be an id, a GUID.`);
  return [...new Set(ids.map((id) => id.toLowerCase()))];
}

function demandIdentity(clientIds: readonly string[]): void {
  if (clientIds.length > 0) return;
  throw new UsageError('Name each identity: --client-id <GUID>; the output DATAVERSE_CLIENT_IDS lists them.');
}

function installationOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const name = text.trim();
  // A role's name holds a hundred characters.
  if (name === '' || name.length > 60) throw new UsageError('--installation: must be a name of at most 60 characters.');
  return name;
}

function environmentOf(text: string | undefined): string {
  if (text === undefined || text === '') {
    throw new UsageError('Name the environment: --url-dataverse https://contoso.crm.dynamics.com.');
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A token on its way over plain http is everybody's token.
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.includes(url.hostname));
  if (url === undefined || !isSafe || url.username !== '') {
    throw new UsageError(
      `--url-dataverse ${text}: must be the root of the environment, such as https://contoso.crm.dynamics.com.`,
    );
  }
  return url.origin;
}
