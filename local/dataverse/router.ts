import type { RequestContext } from './context.ts';
import { noSuchResource, unknownProperty, unknownSegment, unreadablePath } from './errors.ts';
import { operations, retrieveTeamPrivileges, retrieveUserPrivileges } from './functions.ts';
import { entityDefinitions, relationshipRoutes } from './metadata/metadata-routes.ts';
import type { Table } from './metadata/table.ts';
import { parsePath, type Segment } from './path.ts';
import { readFetch } from './query/fetch-rows.ts';
import { intersectOf, readIntersect } from './query/intersects.ts';
import { roadOf } from './query/navigation.ts';
import { countRows, readRows } from './query/read-rows.ts';
import type { DataverseResponse } from './request.ts';
import { json } from './response.ts';
import { postUser } from './security/application-users.ts';
import { retrieveAttributePrivileges } from './security/attribute-privileges.ts';
import { inheritRoles } from './security/inherited-roles.ts';
import { addPrivilegesRole, deleteRole, postRole, removePrivilegeRole } from './security/roles.ts';
import { demandRow } from './security/row-access.ts';
import { writeAssociation } from './write/association.ts';
import { type BulkMessage, performBulk } from './write/bulk.ts';
import { parseBody } from './write/payload.ts';
import { demandRowOf, parseRowKey } from './write/row-key.ts';
import { deleteByKey, patchRow, postRow, readRow, rowAnswer, writeLookup } from './write/single-row.ts';

const NAMESPACE = 'Microsoft.Dynamics.CRM.';
const BULK: ReadonlySet<string> = new Set(['CreateMultiple', 'UpdateMultiple', 'UpsertMultiple', 'DeleteMultiple']);
/** Tables of the system whose rows are not made like any other's. */
const posts: Readonly<Record<string, typeof postRow>> = { role: postRole, systemuser: postUser };
const deletes: Readonly<Record<string, typeof deleteByKey>> = { role: deleteRole };

/** What a request is, for statistics and faults, told from its method and path alone. */
export function kindOf(method: string, path: string): string {
  const last = path.split('/').at(-1) ?? '';
  if (path === '$batch') return 'batch';
  if (/^(EntityDefinitions|RelationshipDefinitions)\b/.test(path))
    return method === 'GET' ? 'metadataRead' : 'metadataWrite';
  if (last.startsWith(NAMESPACE)) {
    const name = last.slice(NAMESPACE.length).replace(/\(.*$/, '');
    return name.charAt(0).toLowerCase() + name.slice(1);
  }
  const operation = path.replace(/\(.*$/s, '');
  if (operations.has(operation)) return operation.charAt(0).toLowerCase() + operation.slice(1);
  if (last === '$count') return 'count';
  if (last === '$ref') return method === 'POST' ? 'associate' : method === 'PUT' ? 'update' : 'disassociate';
  if (method === 'GET') return path.endsWith(')') ? 'read' : 'query';
  return { PATCH: 'update', POST: 'create', DELETE: 'delete' }[method] ?? 'other';
}

/** Answers a request other than a batch. */
export function route(context: RequestContext): DataverseResponse {
  const segments = parsePath(context.path);
  const [head, ...rest] = segments;
  if (!head) throw unreadablePath();
  if (head.name === 'EntityDefinitions') return entityDefinitions(context, segments);
  if (head.name === 'RelationshipDefinitions') return relationshipRoutes(context, segments);
  const operation = operations.get(head.name);
  if (operation) {
    if (context.method !== operation.method || rest.length > 0) throw noSuchResource(context.url);
    return operation.run(context, head.key ?? '');
  }
  inheritRoles(context.organisation);
  const pairs = intersectOf(context, head.name);
  if (pairs) return readIntersect(context, head.name, pairs);
  const table = context.organisation.tableOfSet(head.name);
  if (!table) throw unknownSegment(head.name);
  if (context.method === 'GET') context.stats.operations(1);
  return head.key === undefined ? setRoute(context, table, rest) : rowRoute(context, table, head.key, rest);
}

function setRoute(context: RequestContext, table: Table, [next, ...surplus]: readonly Segment[]): DataverseResponse {
  const { method } = context;
  if (!next) {
    if (method === 'GET') {
      const fetchXml = context.options.values.get('fetchXml');
      return fetchXml === undefined ? readRows(context, table) : readFetch(context, table, fetchXml);
    }
    if (method === 'POST') return (posts[table.name] ?? postRow)(context, table);
    throw noSuchResource(context.url);
  }
  if (surplus.length > 0) throw unreadablePath();
  if (next.name === '$count' && method === 'GET') return countRows(context, table);
  const message = next.name.startsWith(NAMESPACE) ? next.name.slice(NAMESPACE.length) : '';
  if (BULK.has(message)) {
    if (method !== 'POST') throw noSuchResource(context.url);
    return performBulk(context, table, message as BulkMessage);
  }
  throw unknownSegment(next.name);
}

function rowRoute(
  context: RequestContext,
  table: Table,
  key: string,
  [next, last, ...surplus]: readonly Segment[],
): DataverseResponse {
  const { method } = context;
  if (!next) {
    if (method === 'GET') return readRow(context, table, key);
    if (method === 'PATCH') return patchRow(context, table, key);
    if (method === 'DELETE') return (deletes[table.name] ?? deleteByKey)(context, table, key);
    throw noSuchResource(context.url);
  }
  if (surplus.length > 0 || (last && last.name !== '$ref')) throw unreadablePath();
  if (next.name.startsWith(NAMESPACE)) {
    const name = next.name.slice(NAMESPACE.length);
    if (name === 'RetrieveUserPrivileges' && method === 'GET') return retrieveUserPrivileges(context, table, key);
    if (name === 'RetrieveTeamPrivileges' && method === 'GET') return retrieveTeamPrivileges(context, table, key);
    if (name === 'RetrievePrincipalAttributePrivileges' && method === 'GET')
      return retrieveAttributePrivileges(context, table, key);
    if (name === 'AddPrivilegesRole' && method === 'POST') return addPrivilegesRole(context, table, key);
    if (name === 'RemovePrivilegeRole' && method === 'POST') return removePrivilegeRole(context, table, key);
    throw noSuchResource(context.url);
  }
  if (last) {
    const isSingle = table.navigation(next.name) !== undefined;
    if (isSingle && (method === 'PUT' || method === 'DELETE')) return writeLookup(context, table, key, next.name);
    if (!isSingle && (method === 'POST' || method === 'DELETE')) return writeAssociation(context, table, key, next);
    throw noSuchResource(context.url);
  }
  if (method === 'GET') return followRow(context, table, key, next.name);
  return writeProperty(context, table, key, next.name);
}

/** `PUT`, `PATCH` or `DELETE {api}/<entity set>(<key>)/<column>`: one column of a row that is there. */
function writeProperty(context: RequestContext, table: Table, key: string, name: string): DataverseResponse {
  const { method } = context;
  if (method !== 'PUT' && method !== 'PATCH' && method !== 'DELETE') throw noSuchResource(context.url);
  if (!table.columnOf(name)) throw unknownProperty(name, table.name);
  const value = method === 'DELETE' ? null : parseBody(context, table.identity.entitySetName).value;
  const headers = { ...context.headers, 'if-match': '*', 'if-none-match': undefined };
  return patchRow({ ...context, method: 'PATCH', headers, body: JSON.stringify({ [name]: value }) }, table, key);
}

/** `GET {api}/<entity set>(<key>)/<name>`: a column, a related row, or related rows. */
function followRow(context: RequestContext, table: Table, keyText: string, name: string): DataverseResponse {
  context.caller.demand('Read', table);
  const slot = demandRowOf(context, table, parseRowKey(table, keyText));
  demandRow(context.organisation, context.caller, 'Read', table, slot);
  const road = roadOf(context.organisation, table, name);
  if (road?.kind === 'collection') return readRows(context, road.target, new Set(road.find(slot)));
  if (road) {
    context.caller.demand('Read', road.target);
    const other = road.find(slot);
    const { values } = context.options;
    if (other === undefined) return { status: 204, headers: {}, body: '' };
    demandRow(context.organisation, context.caller, 'Read', road.target, other);
    return rowAnswer(context, road.target, other, 200, values.get('$select'), values.get('$expand'));
  }
  const column = table.columnOf(name);
  if (!column) throw unknownProperty(name, table.name);
  const value = context.caller.mayUse(table, column) ? column.cells.get(slot) : null;
  const { entitySetName } = table.identity;
  return json({ '@odata.context': `${context.apiRoot}/$metadata#${entitySetName}(${keyText})/${name}`, value });
}
