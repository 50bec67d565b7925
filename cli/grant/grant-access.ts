import { linkColumn, mapTable, profileTable } from '../../shared/customer-insights/names.ts';
import { actForOthersPrivilege, bypassPrivilege, type Extent } from '../../shared/inspect/least-privileges.ts';
import { neededPrivileges } from '../../shared/inspect/needed-privileges.ts';
import { AppError } from '../app-client.ts';
import type { AdminClient } from './admin-client.ts';
import { completeRole } from './complete-role.ts';
import { grantToApplication } from './grant-to-application.ts';

/** What is granted, and to whom. */
export interface Wanted {
  readonly tables: readonly string[];
  readonly clientIds: readonly string[];
  /** Whether writes may pass by custom logic. */
  readonly bypass: boolean;
  /** What the app does besides linking. */
  readonly extent: Extent;
}

/** Something that was done, or was there already; `note` is for what is worth a look. */
export interface Step {
  readonly kind: 'done' | 'there' | 'note';
  readonly text: string;
}

/**
 * Brings the environment to where the applications can link the tables: one security role with the least privileges,
 * one application user each, who has it. What is there already is left as it is.
 * @throws AppError with the missing right and the remedy
 */
export async function grantAccess(client: AdminClient, { tables, clientIds, bypass, extent }: Wanted): Promise<Step[]> {
  const unitId = await rootUnit(client);
  const names = await privilegeNames(client, tables, extent);
  if (extent !== 'linking') names.push(actForOthersPrivilege);
  if (bypass) names.push(bypassPrivilege);
  const { roleId, steps } = await completeRole(client, unitId, names);
  for (const clientId of clientIds) steps.push(...(await grantToApplication(client, { clientId, roleId, unitId })));
  return steps;
}

async function rootUnit(client: AdminClient): Promise<string> {
  const path = 'businessunits?$select=businessunitid&$filter=_parentbusinessunitid_value eq null';
  const [unit] = await client.list(path, 'read the business units');
  if (unit === undefined) throw new AppError('The environment shows no root business unit to this account.', 0);
  return String(unit.businessunitid);
}

async function privilegeNames(client: AdminClient, tables: readonly string[], extent: Extent): Promise<string[]> {
  const wanted = [...tables, profileTable, mapTable];
  const filter = wanted.map((table) => `LogicalName eq '${table}'`).join(' or ');
  const path = `EntityDefinitions?$select=LogicalName&$filter=${encodeURIComponent(filter)}`;
  const found = new Set((await client.list(path, 'read the definitions of tables')).map((one) => one.LogicalName));
  for (const table of wanted) {
    if (found.has(table)) continue;
    const remedy = tables.includes(table)
      ? 'Check --table: it takes logical names, such as contact.'
      : 'Link Customer Insights - Data to this environment and unify once, then grant.';
    throw new AppError(`The environment has no table ${table}. ${remedy}`, 404);
  }
  const linked = await tablesWithColumn(client);
  const sources = tables.map((table) => ({ table, hasColumn: linked.has(table) }));
  return (await neededPrivileges(client, sources, undefined, extent)).map(({ name }) => name);
}

/** Tables that have the lookup column. */
async function tablesWithColumn(client: AdminClient): Promise<ReadonlySet<unknown>> {
  const filter = encodeURIComponent(`ReferencedEntity eq '${profileTable}'`);
  const path =
    'RelationshipDefinitions/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata' +
    `?$select=ReferencingEntity,ReferencingAttribute&$filter=${filter}`;
  const relationships = await client.list(path, 'read the definitions of relationships');
  return new Set(
    relationships
      .filter(({ ReferencingAttribute }) => ReferencingAttribute === linkColumn)
      .map(({ ReferencingEntity }) => ReferencingEntity),
  );
}
