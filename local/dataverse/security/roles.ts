import type { RequestContext } from '../context.ts';
import { badRequest, rowDoesNotExist, unknownSegment } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import type { DataverseResponse } from '../request.ts';
import { json, noContent } from '../response.ts';
import { parseGuid } from '../store/guid.ts';
import { isObject, parseBody } from '../write/payload.ts';
import { demandRowOf, parseRowKey } from '../write/row-key.ts';
import { deleteByKey, postRow } from '../write/single-row.ts';
import { Depth, depthName, parseDepth } from './grants.ts';
import { copiesOf } from './inherited-roles.ts';

/** The platform gives these to every role, again with each AddPrivilegesRole; nobody has to ask for them. */
const sharePoint = [
  'prvReadSharePointData',
  'prvWriteSharePointData',
  'prvCreateSharePointData',
  'prvReadSharePointDocument',
];
/** And these to a role that is made. */
const developer = [
  'prvReadSdkMessage',
  'prvReadSdkMessageProcessingStep',
  'prvReadSdkMessageProcessingStepImage',
  'prvReadPluginAssembly',
  'prvReadPluginType',
];
const globally = (names: readonly string[]): [string, Depth][] => names.map((name) => [name, Depth.global]);

/** `POST {api}/roles`. */
export function postRole(context: RequestContext, table: Table): DataverseResponse {
  const made = postRow(context, table);
  const id = /\(([^)]+)\)$/.exec(made.headers['OData-EntityId'] ?? '')?.[1] ?? '';
  context.users.addToRole(id, globally([...sharePoint, ...developer]));
  return made;
}

/** `DELETE {api}/roles(<id>)`: the copies in other units go with it. */
export function deleteRole(context: RequestContext, table: Table, keyText: string): DataverseResponse {
  const roleId = demandRole(context, table, keyText, 'Delete', 'Delete');
  const { organisation } = context;
  const copies = copiesOf(table, roleId).filter((slot) => table.rows.ids[slot] !== roleId);
  const answer = deleteByKey(context, table, keyText);
  for (const slot of copies) {
    table.rows.remove(slot, undefined, { version: organisation.nextVersion(), at: organisation.now() });
  }
  context.users.dropRole(roleId);
  return answer;
}

/** `POST {api}/roles(<id>)/Microsoft.Dynamics.CRM.AddPrivilegesRole`. */
export function addPrivilegesRole(context: RequestContext, table: Table, keyText: string): DataverseResponse {
  const roleId = demandRole(context, table, keyText, 'AddPrivilegesRole');
  const { Privileges: wanted } = parseBody(context, 'roles');
  if (!Array.isArray(wanted) || !wanted.every(isObject)) throw badRequest('Privileges must be a list.', '0x80040203');
  const pairs = wanted.map((one) => {
    const depth = parseDepth(String(one.Depth));
    if (depth === undefined) throw badRequest(`There is no depth ${String(one.Depth)}.`, '0x80040203');
    return [nameOf(context, one.PrivilegeId), depth] as const;
  });
  context.users.addToRole(roleId, [...pairs, ...globally(sharePoint)]);
  return noContent();
}

/** `POST {api}/roles(<id>)/Microsoft.Dynamics.CRM.RemovePrivilegeRole`: one privilege, named as a reference to its row. */
export function removePrivilegeRole(context: RequestContext, table: Table, keyText: string): DataverseResponse {
  const roleId = demandRole(context, table, keyText, 'RemovePrivilegeRole');
  const { Privilege: one } = parseBody(context, 'roles');
  if (!isObject(one)) throw badRequest('Privilege must be a reference to a privilege.', '0x80040203');
  context.users.removeFromRole(roleId, nameOf(context, one.privilegeid));
  return noContent();
}

/** `GET {api}/RetrieveRolePrivilegesRole(RoleId=<id>)`. */
export function retrieveRolePrivileges(context: RequestContext, argument: string): DataverseResponse {
  const roles = context.organisation.builtIn('role');
  context.caller.demand('Read', roles);
  const id = parseGuid(/^RoleId=(.*)$/.exec(argument)?.[1] ?? '');
  if (id === undefined || roles.rows.find(id) === undefined) throw rowDoesNotExist('Role', id ?? argument);
  const held = context.users.privilegesOfRole(id);
  const privileges = context.organisation.builtIn('privilege');
  const RolePrivileges = privileges.rows.ids.flatMap((PrivilegeId, row) => {
    const PrivilegeName = String(privileges.cell(row, 'name'));
    const depth = held.get(PrivilegeName.toLowerCase());
    const BusinessUnitId = context.organisation.rootBusinessUnitId;
    if (depth === undefined) return [];
    const name = context.organisation.settings.namesPrivileges ? { PrivilegeName } : {};
    return [{ Depth: depthName(depth), PrivilegeId, BusinessUnitId, ...name }];
  });
  const type = 'Microsoft.Dynamics.CRM.RetrieveRolePrivilegesRoleResponse';
  return json({ '@odata.context': `${context.apiRoot}/$metadata#${type}`, RolePrivileges });
}

function demandRole(
  context: RequestContext,
  table: Table,
  keyText: string,
  message: string,
  right: 'Write' | 'Delete' = 'Write',
): string {
  if (table.name !== 'role') throw unknownSegment(message);
  context.caller.demand(right, table);
  const slot = demandRowOf(context, table, parseRowKey(table, keyText));
  return table.rows.ids[slot] as string;
}

function nameOf(context: RequestContext, id: unknown): string {
  const privileges = context.organisation.builtIn('privilege');
  const row = privileges.rows.find(String(id).toLowerCase());
  if (row === undefined) throw badRequest(`Privilege With Id = ${String(id)} Does Not Exist`, '0x80040217');
  return String(privileges.cell(row, 'name'));
}
