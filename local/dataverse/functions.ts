import type { RequestContext } from './context.ts';
import { badRequest, unknownSegment } from './errors.ts';
import type { Table } from './metadata/table.ts';
import type { DataverseResponse } from './request.ts';
import { json, noContent } from './response.ts';
import { type Depth, depthName } from './security/grants.ts';
import { retrieveRolePrivileges } from './security/roles.ts';
import { parseBody } from './write/payload.ts';
import { demandRowOf, parseRowKey } from './write/row-key.ts';

type Handler = (context: RequestContext, argument: string) => DataverseResponse;

/** A function or action without a row, with the method it answers to. */
export interface Operation {
  readonly method: 'GET' | 'POST';
  readonly run: Handler;
}

const answer = (context: RequestContext, name: string, body: object) =>
  json({ '@odata.context': `${context.apiRoot}/$metadata#Microsoft.Dynamics.CRM.${name}Response`, ...body });

/** Functions and actions that are bound to nothing, by name. */
export const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['WhoAmI', { method: 'GET', run: whoAmI }],
  ['RetrieveTotalRecordCount', { method: 'GET', run: retrieveTotalRecordCount }],
  ['RetrieveProvisionedLanguages', { method: 'GET', run: retrieveProvisionedLanguages }],
  ['RetrieveVersion', { method: 'GET', run: retrieveVersion }],
  ['GetValidReferencingEntities', { method: 'GET', run: getValidReferencingEntities }],
  ['CanBeReferenced', { method: 'POST', run: (context) => eligibility(context, 'CanBeReferenced') }],
  ['CanBeReferencing', { method: 'POST', run: (context) => eligibility(context, 'CanBeReferencing') }],
  ['RetrieveDependenciesForDelete', { method: 'GET', run: retrieveDependencies }],
  ['RetrieveRolePrivilegesRole', { method: 'GET', run: retrieveRolePrivileges }],
  ['PublishXml', { method: 'POST', run: publish }],
  ['PublishAllXml', { method: 'POST', run: publish }],
]);

function whoAmI(context: RequestContext): DataverseResponse {
  const { caller, organisation } = context;
  const ids = { BusinessUnitId: caller.businessUnitId, UserId: caller.userId, OrganizationId: organisation.id };
  return answer(context, 'WhoAmI', ids);
}

function retrieveProvisionedLanguages(context: RequestContext): DataverseResponse {
  const { languages } = context.organisation.settings;
  return answer(context, 'RetrieveProvisionedLanguages', { RetrieveProvisionedLanguages: languages });
}

/** A version as a live organisation gives one; nothing here depends on it. */
function retrieveVersion(context: RequestContext): DataverseResponse {
  return answer(context, 'RetrieveVersion', { Version: '9.2.24044.197' });
}

function retrieveTotalRecordCount(context: RequestContext, argument: string): DataverseResponse {
  const list = /^EntityNames=(@\w+|\[.*\])$/s.exec(argument)?.[1] ?? '';
  const text = list.startsWith('@') ? (context.options.aliases.get(list) ?? '') : list;
  let names: unknown;
  try {
    names = JSON.parse(text);
  } catch {
    throw badRequest(`EntityNames must be a list of logical names, not '${text}'.`);
  }
  if (!Array.isArray(names)) throw badRequest(`EntityNames must be a list of logical names, not '${text}'.`);
  const values = names.map((name) => {
    const table = context.organisation.table(String(name));
    if (!table) throw badRequest(`The entity with a name = '${String(name)}' was not found.`, '0x80040217');
    context.caller.demand('Read', table);
    return context.organisation.countSnapshot(table);
  });
  const collection = { Count: names.length, IsReadOnly: false, Keys: names, Values: values };
  return answer(context, 'RetrieveTotalRecordCount', { EntityRecordCountCollection: collection });
}

function getValidReferencingEntities(context: RequestContext, argument: string): DataverseResponse {
  const name = /^ReferencedEntityName='([^']*)'$/.exec(argument)?.[1] ?? '';
  const referenced = context.organisation.table(name);
  if (!referenced) throw badRequest(`The entity with a name = '${name}' was not found.`, '0x80040217');
  const names = [...context.organisation.tables()].filter((table) => table.identity.tableType !== 'Virtual');
  return answer(context, 'GetValidReferencingEntities', { EntityNames: names.map((table) => table.name) });
}

function eligibility(context: RequestContext, name: 'CanBeReferenced' | 'CanBeReferencing'): DataverseResponse {
  const table = context.organisation.table(String(parseBody(context, name).EntityName));
  if (!table) throw badRequest('The entity was not found.', '0x80040217');
  return answer(context, name, { [name]: table.identity.tableType !== 'Virtual' });
}

/** `GET {api}/RetrieveDependenciesForDelete(ObjectId=<id>,ComponentType=2)`: what uses a column. */
function retrieveDependencies(context: RequestContext, argument: string): DataverseResponse {
  context.caller.demandPrivilege('prvReadEntity');
  const [, id = '', type] = /^ObjectId=([0-9a-f-]{36}),\s*ComponentType=(\d+)$/i.exec(argument) ?? [];
  if (type === undefined) throw badRequest(`The parameters '${argument}' are not understood.`);
  const used = type === '2' ? (context.organisation.dependents.get(id.toLowerCase()) ?? []) : [];
  const value = used.map((one) => ({
    dependentcomponenttype: one.type,
    dependentcomponentobjectid: one.id,
    requiredcomponenttype: 2,
    requiredcomponentobjectid: id.toLowerCase(),
  }));
  return json({ '@odata.context': `${context.apiRoot}/$metadata#dependencies`, value });
}

function publish(context: RequestContext): DataverseResponse {
  context.caller.demandPrivilege('prvPublishCustomization');
  return noContent();
}

/** `GET {api}/systemusers(<id>)/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`: of what comes through a team it tells no depth but Basic. */
export function retrieveUserPrivileges(context: RequestContext, table: Table, keyText: string): DataverseResponse {
  if (table.name !== 'systemuser') throw unknownSegment('RetrieveUserPrivileges');
  context.caller.demand('Read', table);
  const slot = demandRowOf(context, table, parseRowKey(table, keyText));
  const user = context.users.byId(table.rows.ids[slot] as string);
  const RolePrivileges = listPrivileges(context, user.businessUnitId, context.users.depthsTold(user.userId));
  return answer(context, 'RetrieveUserPrivileges', { RolePrivileges });
}

/** `GET {api}/teams(<id>)/Microsoft.Dynamics.CRM.RetrieveTeamPrivileges()`: what the team's roles give. */
export function retrieveTeamPrivileges(context: RequestContext, table: Table, keyText: string): DataverseResponse {
  if (table.name !== 'team') throw unknownSegment('RetrieveTeamPrivileges');
  context.caller.demand('Read', table);
  const slot = demandRowOf(context, table, parseRowKey(table, keyText));
  const unit = String(table.cell(slot, 'businessunitid') ?? context.organisation.rootBusinessUnitId);
  const depthIn = context.users.depthsOfTeam(table.rows.ids[slot] as string);
  return answer(context, 'RetrieveTeamPrivileges', { RolePrivileges: listPrivileges(context, unit, depthIn) });
}

function listPrivileges(
  context: RequestContext,
  BusinessUnitId: string,
  depthOf: (name: string) => Depth | undefined,
): object[] {
  const privileges = context.organisation.builtIn('privilege');
  return privileges.rows.ids.flatMap((PrivilegeId, row) => {
    const PrivilegeName = String(privileges.cell(row, 'name'));
    const depth = depthOf(PrivilegeName);
    if (depth === undefined) return [];
    const name = context.organisation.settings.namesPrivileges ? { PrivilegeName } : {};
    return [{ Depth: depthName(depth), PrivilegeId, BusinessUnitId, ...name }];
  });
}
