import { checkLinkable } from '../../shared/customer-insights/linkable-table.ts';
import { linkColumn, mapTable, profileTable } from '../../shared/customer-insights/names.ts';
import type { TableMetadata } from '../../shared/dataverse/dataverse.ts';
import { tablesIn, tablesPath } from '../../shared/dataverse/metadata.ts';
import { AppError } from '../app-client.ts';
import type { AdminClient, Json } from './admin-client.ts';
import { type AskedPrivilege, askedPrivileges } from './asked-privileges.ts';
import { type RoleFound, readRoles } from './read-roles.ts';
import { readUsers, type UserFound } from './read-users.ts';
import type { Duty, Wanted } from './wanted.ts';

/** A privilege as the environment knows it. */
export interface Privilege {
  readonly id: string;
  readonly name: string;
}

/** An asked privilege with what the environment calls it; without where there is no such thing, or no need of it. */
export interface ResolvedPrivilege extends AskedPrivilege {
  readonly found: Privilege | undefined;
  /** Why it is not given. */
  readonly left: 'not there' | 'not needed' | undefined;
}

/** Everything that is looked at before the first write. */
export interface Environment {
  /** The root business unit, where the roles live. */
  readonly unitId: string;
  readonly asked: readonly ResolvedPrivilege[];
  /** Tables that have the lookup column, with the ids of the privileges to write their rows. */
  readonly linked: ReadonlyMap<string, string>;
  readonly roles: ReadonlyMap<Duty, RoleFound>;
  readonly users: ReadonlyMap<string, UserFound>;
  /** Ids of the privileges of whoever grants; undefined where they may not be read. */
  readonly own: ReadonlySet<string> | undefined;
  /** What granting itself takes. */
  readonly toGrant: Readonly<Record<'makeRole' | 'changeRole' | 'makeUser' | 'changeUser', Privilege | undefined>>;
}

/**
 * Looks at every unit, table, privilege, role, holder and user that granting is about. Writes nothing.
 * @throws AppError where something does not exist, cannot be linked or may not be read
 */
export async function readEnvironment(client: AdminClient, wanted: Wanted): Promise<Environment> {
  const unitId = await readRootUnit(client);
  await readTables(client, wanted.tables);
  const linkedTables = await readLinkedTables(client);
  const asked = askedPrivileges(wanted);
  const tables = [...asked.flatMap(({ of }) => ('table' in of ? [of.table] : [])), 'role', 'systemuser'];
  const ofTables = await readTablePrivileges(client, [...tables, ...linkedTables]);
  const named = await readNamedPrivileges(
    client,
    asked.flatMap(({ of }) => ('name' in of ? [of.name] : [])),
  );
  const hasEveryColumn = wanted.tables.every((table) => linkedTables.has(table));
  const privilegeOf = (table: string, right: string): Privilege | undefined => ofTables.get(table)?.get(right);
  const linked = [...linkedTables].flatMap((table): [string, string][] => {
    const write = privilegeOf(table, 'Write');
    return write === undefined ? [] : [[table, write.id]];
  });
  return {
    unitId,
    asked: asked.map((one) => {
      const found = 'name' in one.of ? named.get(one.of.name.toLowerCase()) : privilegeOf(one.of.table, one.of.right);
      if (one.need === 'column' && hasEveryColumn) return { ...one, found: undefined, left: 'not needed' };
      if (found !== undefined) return { ...one, found, left: undefined };
      if (one.need !== 'linking' && 'table' in one.of) return { ...one, found, left: 'not there' };
      const what = 'name' in one.of ? one.of.name : `to ${one.of.right} rows of ${one.of.table}`;
      throw new AppError(`The environment has no privilege ${what}.`, 404);
    }),
    linked: new Map(linked),
    roles: await readRoles(client, unitId, wanted.installation),
    users: await readUsers(client, [...wanted.clientIds, ...wanted.writerIds], unitId),
    own: await readOwnPrivileges(client),
    toGrant: {
      makeRole: privilegeOf('role', 'Create'),
      changeRole: privilegeOf('role', 'Write'),
      makeUser: privilegeOf('systemuser', 'Create'),
      changeUser: privilegeOf('systemuser', 'Write'),
    },
  };
}

export async function readRootUnit(client: AdminClient): Promise<string> {
  const path = 'businessunits?$select=businessunitid&$filter=_parentbusinessunitid_value eq null';
  const [unit] = await client.list(path, 'read the business units');
  if (unit === undefined) throw new AppError('The environment shows no root business unit to this account.', 0);
  return String(unit.businessunitid);
}

/** Refuses tables that are not there or cannot be linked, all of them at once, by the rules that linking has. */
async function readTables(client: AdminClient, tables: readonly string[]): Promise<void> {
  const wanted = [...tables, profileTable, mapTable];
  const found = new Map<string, TableMetadata>();
  for (let at = 0; at < wanted.length; at += 40) {
    const path = tablesPath({ tables: wanted.slice(at, at + 40) });
    const answer = await client.readObject(path, 'read the definitions of tables');
    for (const [name, table] of tablesIn(answer)) found.set(name, table);
  }
  const refusals = wanted.flatMap((name) => {
    const table = found.get(name);
    if (table === undefined) {
      const remedy = tables.includes(name)
        ? 'Check --table: it takes logical names, such as contact.'
        : 'Link Customer Insights - Data to this environment and unify once, then grant.';
      return [`The environment has no table ${name}. ${remedy}`];
    }
    const refusal = tables.includes(name) ? checkLinkable(table) : undefined;
    return refusal === undefined ? [] : [`${refusal.finding} ${refusal.remedy}`];
  });
  if (refusals.length > 0) throw new AppError(refusals.join('\n'), 404);
}

async function readLinkedTables(client: AdminClient): Promise<ReadonlySet<string>> {
  const filter = encodeURIComponent(`ReferencedEntity eq '${profileTable}'`);
  const path =
    'RelationshipDefinitions/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata' +
    `?$select=ReferencingEntity,ReferencingAttribute&$filter=${filter}`;
  const relationships = await client.list(path, 'read the definitions of relationships');
  return new Set(
    relationships
      .filter(({ ReferencingAttribute }) => ReferencingAttribute === linkColumn)
      .map(({ ReferencingEntity }) => String(ReferencingEntity)),
  );
}

/** Privileges on tables, by table and right. */
async function readTablePrivileges(
  client: AdminClient,
  tables: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, Privilege>>> {
  const path = 'EntityDefinitions?$select=LogicalName,Privileges';
  const found = await client.listWhere(path, 'LogicalName', tables, 'read the privileges of tables');
  return new Map(
    found.map(({ LogicalName, Privileges }) => [
      String(LogicalName),
      new Map(
        ((Privileges ?? []) as Json[]).map((one) => [
          String(one.PrivilegeType),
          { id: String(one.PrivilegeId).toLowerCase(), name: String(one.Name) },
        ]),
      ),
    ]),
  );
}

/** Privileges by name, in lower case. */
async function readNamedPrivileges(
  client: AdminClient,
  names: readonly string[],
): Promise<ReadonlyMap<string, Privilege>> {
  const found = await client.listWhere('privileges?$select=privilegeid,name', 'name', names, 'look privileges up');
  return new Map(
    found.map(({ name, privilegeid }) => [
      String(name).toLowerCase(),
      { id: String(privilegeid).toLowerCase(), name: String(name) },
    ]),
  );
}

async function readOwnPrivileges(client: AdminClient): Promise<ReadonlySet<string> | undefined> {
  const { UserId } = await client.readObject('WhoAmI', 'ask who it is');
  const path = `systemusers(${String(UserId)})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`;
  // Who may not read them is told by Dataverse what is lacking, when it comes to that.
  const answer = await client.readObject(path, 'read its own privileges').catch((error: unknown) => {
    if (error instanceof AppError) return undefined;
    throw error;
  });
  if (!Array.isArray(answer?.RolePrivileges)) return undefined;
  return new Set((answer.RolePrivileges as Json[]).map(({ PrivilegeId }) => String(PrivilegeId).toLowerCase()));
}
