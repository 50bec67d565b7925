import type { RequestContext } from '../context.ts';
import { alreadyExists, undeclaredProperty, unknownSegment, versionMismatch } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import { contextUrl } from '../query/page-links.ts';
import { projection } from '../query/projection.ts';
import { sessionToken, staleStates } from '../query/stale-state.ts';
import type { DataverseResponse } from '../request.ts';
import { json, noContent } from '../response.ts';
import { demandRow } from '../security/row-access.ts';
import { parseBody, type RowChange, readChange } from './payload.ts';
import { demandRowOf, findRow, missing, parseRowKey, type RowKey } from './row-key.ts';
import { checkEtag, checkRow, createRow, deleteRow, strikeRow, updateRow } from './write-row.ts';

/** `GET {api}/<entity set>(<key>)`. */
export function readRow(context: RequestContext, table: Table, keyText: string): DataverseResponse {
  context.caller.demand('Read', table);
  const key = parseRowKey(table, keyText);
  const slot = demandRowOf(context, table, key);
  demandRow(context.organisation, context.caller, 'Read', table, slot);
  const stale = staleStates(context, table)?.(slot);
  if (stale && stale.cells === undefined) throw missing(context, table, key);
  const unless = context.headers['if-none-match'];
  if (unless !== undefined && unless === table.etag(slot)) return { status: 304, headers: {}, body: '' };
  context.cost.rowsRead++;
  const { values } = context.options;
  return rowAnswer(context, table, slot, 200, values.get('$select'), values.get('$expand'));
}

/** `PATCH {api}/<entity set>(<key>)`: an upsert, unless its conditions say otherwise. */
export function patchRow(context: RequestContext, table: Table, keyText: string): DataverseResponse {
  const { headers } = context;
  const key = parseRowKey(table, keyText);
  const slot = findRow(table, key);
  if (slot === undefined && headers['if-match'] !== undefined) {
    context.caller.demand('Write', table);
    if (key.kind === 'id') strikeRow(context, key.id);
    throw missing(context, table, key);
  }
  if (slot !== undefined && headers['if-none-match'] === '*') throw alreadyExists();
  context.caller.demand(slot === undefined ? 'Create' : 'Write', table);
  const change = readChange(
    context,
    table,
    parseBody(context, table.identity.entitySetName),
    context.batch === undefined,
  );
  if (slot !== undefined) {
    checkEtag(table, slot, headers['if-match'], versionMismatch);
    checkRow(context, table, slot, 'Write');
    updateRow(context, table, slot, change);
    context.stats.operations(1);
    return written(context, table, slot, 'update');
  }
  const created = createRow(context, table, withKey(change, key));
  context.stats.operations(1);
  return written(context, table, created, 'create');
}

/** `POST {api}/<entity set>`. */
export function postRow(context: RequestContext, table: Table): DataverseResponse {
  context.caller.demand('Create', table);
  const change = readChange(
    context,
    table,
    parseBody(context, table.identity.entitySetName),
    context.batch === undefined,
  );
  if (change.id !== undefined) strikeRow(context, change.id);
  const slot = createRow(context, table, change);
  context.stats.operations(1);
  return written(context, table, slot, 'create');
}

/** `DELETE {api}/<entity set>(<key>)`. */
export function deleteByKey(context: RequestContext, table: Table, keyText: string): DataverseResponse {
  context.caller.demand('Delete', table);
  const slot = demandRowOf(context, table, parseRowKey(table, keyText));
  checkEtag(table, slot, context.headers['if-match'], versionMismatch);
  deleteRow(context, table, slot);
  context.stats.operations(1);
  return noContent(tokenHeader(context, table));
}

/** `PUT` and `DELETE {api}/<entity set>(<key>)/<navigation>/$ref`: sets or clears one lookup. */
export function writeLookup(context: RequestContext, table: Table, keyText: string, name: string): DataverseResponse {
  context.caller.demand('Write', table);
  const slot = demandRowOf(context, table, parseRowKey(table, keyText));
  if (!table.navigation(name)) throw unknownSegment(name);
  let payload: Record<string, unknown> = { [name]: null };
  if (context.method === 'PUT') {
    const reference = parseBody(context, table.identity.entitySetName)['@odata.id'];
    if (typeof reference !== 'string') throw undeclaredProperty(table.identity.entitySetName, '@odata.id');
    payload = { [`${name}@odata.bind`]: reference };
  }
  const change = readChange(context, table, payload, true);
  checkRow(context, table, slot, 'Write');
  updateRow(context, table, slot, change);
  context.stats.operations(1);
  return noContent(tokenHeader(context, table));
}

/** The row as an answer shows it. */
export function rowAnswer(
  context: RequestContext,
  table: Table,
  slot: number,
  status: number,
  select: string | undefined,
  expand: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): DataverseResponse {
  const row = projection(context, table, select, expand)(slot);
  const answer = { '@odata.context': `${contextUrl(context, table, select)}/$entity`, ...row };
  return json(answer, { ETag: String(row['@odata.etag']), ...headers }, status);
}

/** The headers of a write to an elastic table, whose token lets the writer read his own write. */
export const tokenHeader = (context: RequestContext, table: Table): Record<string, string> =>
  table.isElastic ? { 'x-ms-session-token': sessionToken(context.organisation.version) } : {};

function written(context: RequestContext, table: Table, slot: number, what: 'create' | 'update'): DataverseResponse {
  const link = `${context.apiRoot}/${table.identity.entitySetName}(${table.rows.ids[slot]})`;
  const headers = { 'OData-EntityId': link, ...tokenHeader(context, table) };
  if (!context.preferences.returnRepresentation) {
    const isNamed = what === 'create' || context.batch?.references !== undefined;
    return noContent(isNamed ? { Location: link, ...headers } : headers);
  }
  const applied = { 'Preference-Applied': 'return=representation', ...headers };
  return rowAnswer(
    context,
    table,
    slot,
    what === 'create' ? 201 : 200,
    context.options.values.get('$select'),
    undefined,
    applied,
  );
}

/** A row created by PATCH has the key it was addressed by. */
function withKey(change: RowChange, key: RowKey): RowChange {
  if (key.kind === 'id') return { ...change, id: key.id, partition: key.partition ?? change.partition };
  const cells = [...change.cells, ...key.values];
  return { ...change, cells, columns: cells.map(([column]) => column.logicalName) };
}
