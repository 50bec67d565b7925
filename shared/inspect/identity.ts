import type { DefinitionReader, InspectableDataverse, Row } from '../dataverse/dataverse.ts';
import { isTerminalError } from '../errors.ts';
import type { Check } from './report.ts';

/** An identity as the organisation knows it. */
export interface KnownIdentity {
  /** As `nameOf` gives it. */
  readonly name: string;
  /** Depth by privilege name, lower case; undefined where they may not be read. */
  readonly privileges: ReadonlyMap<string, string> | undefined;
}

/** What an identity is called: its client id, where it has one. */
export const nameOf = (clientId: string | undefined): string => clientId ?? "the app's identity";

/**
 * Looks an identity up. Identities that the organisation does not know, or has disabled, come with a fault and
 * without a place in the further checks.
 */
export async function findIdentity(
  dataverse: InspectableDataverse,
  clientId: string | undefined,
  isOnly: boolean,
  signal: AbortSignal,
): Promise<{ readonly identity: KnownIdentity | undefined; readonly checks: Check[] }> {
  const name = nameOf(clientId);
  try {
    const userId =
      clientId === undefined || isOnly ? await whoAmI(dataverse, signal) : await userOf(dataverse, clientId, signal);
    if (userId === undefined) {
      const remedy =
        'Add an enabled application user for this client id to the environment and give it a security role.';
      return {
        identity: undefined,
        checks: [fault(name, `No enabled application user for ${name} was found.`, remedy)],
      };
    }
    const privileges = await privilegesOf(dataverse, userId, signal);
    const good: Check = { code: 'identity', level: 'good', subject: name, finding: `${name} is user ${userId}.` };
    return { identity: { name, privileges }, checks: [good] };
  } catch (error) {
    if (!isTerminalError(error)) throw error;
    // Dataverse's own words name the reason and the client adds the remedy.
    return { identity: undefined, checks: [fault(name, `Dataverse refused ${name}: ${error.message}`)] };
  }
}

const fault = (subject: string, finding: string, remedy?: string): Check => ({
  code: 'identity',
  level: 'fault',
  subject,
  finding,
  ...(remedy === undefined ? {} : { remedy }),
});

/** Id of the user in whose name the app reads. */
export async function whoAmI(dataverse: DefinitionReader, signal: AbortSignal): Promise<string | undefined> {
  const { UserId } = await dataverse.readObject('WhoAmI', 'ask who the app is', signal);
  return typeof UserId === 'string' ? UserId : undefined;
}

async function userOf(
  dataverse: InspectableDataverse,
  clientId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const page = await dataverse.readPage(
    {
      entitySetName: 'systemusers',
      select: ['systemuserid'],
      filter: `applicationid eq ${clientId} and isdisabled eq false`,
      pageSize: 1,
    },
    signal,
  );
  const id = page.rows[0]?.systemuserid;
  return typeof id === 'string' ? id : undefined;
}

async function privilegesOf(
  dataverse: InspectableDataverse,
  userId: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    return await privilegesFrom(dataverse, userPrivilegesPath(userId), signal);
  } catch (error) {
    if (isTerminalError(error)) return undefined;
    throw error;
  }
}

/** Where Dataverse tells a user's privileges. */
export const userPrivilegesPath = (userId: string): string =>
  `systemusers(${userId})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`;

/** How far a privilege reaches, the least first. */
const depths: readonly string[] = ['Basic', 'Local', 'Deep', 'Global'];

/** Depth by privilege name, lower case, from where a function lists privileges; undefined where it does not. */
export const privilegesFrom = async (
  dataverse: DefinitionReader,
  path: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string> | undefined> =>
  privilegesIn(await dataverse.readObject(path, 'read privileges', signal));

/** The same, from what the function answered. */
export function privilegesIn({ RolePrivileges }: Row): ReadonlyMap<string, string> | undefined {
  if (!Array.isArray(RolePrivileges)) return undefined;
  const found = new Map<string, string>();
  for (const { PrivilegeName, Depth } of RolePrivileges as { PrivilegeName?: unknown; Depth?: unknown }[]) {
    // Without names nothing can be held against what is needed.
    if (typeof PrivilegeName !== 'string') return undefined;
    const name = PrivilegeName.toLowerCase();
    const depth = String(Depth);
    // Several roles may give the same one: the deepest counts.
    if (depths.indexOf(depth) >= depths.indexOf(found.get(name) ?? '')) found.set(name, depth);
  }
  return found;
}
