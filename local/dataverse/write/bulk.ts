import type { RequestContext } from '../context.ts';
import { badRequest, DataverseError, duplicateKey, payloadError, rowsDoNotExist } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import { wantsAnnotation } from '../query/preferences.ts';
import type { DataverseResponse } from '../request.ts';
import { DetailedError, json, noContent } from '../response.ts';
import { prepareBulk } from './bulk-preparation.ts';
import { isObject, parseBody, type RowChange, readChange } from './payload.ts';
import { findRow, parseRowKey, type RowKey } from './row-key.ts';
import { tokenHeader } from './single-row.ts';
import { checkRow, createRow, deleteRow, strikeRow, updateRow } from './write-row.ts';

/** The bulk messages that the Web API has as actions on an entity set. */
export type BulkMessage = 'CreateMultiple' | 'UpdateMultiple' | 'UpsertMultiple' | 'DeleteMultiple';

const ROW_ERRORS = 'Microsoft.PowerApps.CDS.ErrorDetails.Plugin.BulkApiErrorDetails';

/** A target whose payload has been read and found good: what is left to do is to write it. */
type Prepared =
  | { readonly kind: 'create'; readonly change: RowChange }
  | { readonly kind: 'update'; readonly slot: number; readonly change: RowChange }
  | { readonly kind: 'delete'; readonly slot: number };

/**
 * Performs a bulk message. On a standard table one bad target fails the request and nothing is written; on an elastic table
 * the good ones stay written, and those who ask for the annotation are told about each bad one.
 */
export function performBulk(context: RequestContext, table: Table, message: BulkMessage): DataverseResponse {
  refuseUnsupported(table, message);
  const targets = parseTargets(context, table);
  demandPrivileges(context, table, message);
  context.customLogic.checkBypass(context);
  prepareBulk(context, table);
  context.stats.operations(targets.length);
  const created: string[] = [];
  const write = (prepared: Prepared) => {
    if (prepared.kind === 'create') created.push(table.rows.ids[createRow(context, table, prepared.change)] as string);
    else if (prepared.kind === 'delete') deleteRow(context, table, prepared.slot);
    else updateRow(context, table, prepared.slot, prepared.change);
  };
  const seen = new Set<string>();
  if (table.isElastic) {
    writeOneByOne(context, table, message, targets, seen, write);
  } else {
    const missing: string[] = [];
    const prepared = targets.flatMap((target) => prepare(context, table, message, target, seen, missing) ?? []);
    if (missing.length > 0) throw rowsDoNotExist(table.identity.schemaName, missing);
    for (const one of prepared) write(one);
  }
  const headers = tokenHeader(context, table);
  if (message !== 'CreateMultiple') return noContent(headers);
  const answerContext = `${context.apiRoot}/$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse`;
  return json({ '@odata.context': answerContext, Ids: created }, headers);
}

function writeOneByOne(
  context: RequestContext,
  table: Table,
  message: BulkMessage,
  targets: readonly Record<string, unknown>[],
  seen: Set<string>,
  write: (prepared: Prepared) => void,
): void {
  const failures: { RequestIndex: number; Id: string; StatusCode: number }[] = [];
  let first: DataverseError | undefined;
  for (const [index, target] of targets.entries()) {
    try {
      const missing: string[] = [];
      const prepared = prepare(context, table, message, target, seen, missing);
      if (missing.length > 0) throw rowsDoNotExist(table.identity.schemaName, missing);
      if (prepared) write(prepared);
    } catch (error) {
      if (!(error instanceof DataverseError)) throw error;
      first ??= error;
      failures.push({
        RequestIndex: index,
        Id: String(target[table.identity.primaryId] ?? ''),
        StatusCode: error.status,
      });
    }
  }
  if (!first) return;
  if (!wantsAnnotation(context.preferences, ROW_ERRORS)) throw first;
  throw new DetailedError(first, { [`@${ROW_ERRORS}`]: JSON.stringify(failures) });
}

/** Reads one target; `undefined` for one that is passed over, ids that are not there go to `missing`. */
function prepare(
  context: RequestContext,
  table: Table,
  message: BulkMessage,
  target: Record<string, unknown>,
  seen: Set<string>,
  missing: string[],
): Prepared | undefined {
  const change = readTarget(context, table, target);
  if (message === 'CreateMultiple') {
    if (change.id !== undefined && table.rows.find(change.id, change.partition) !== undefined) throw duplicateKey();
    return { kind: 'create', change };
  }
  const key = keyOf(context, table, target, change);
  const name = nameOf(key);
  if (seen.has(name)) {
    if (message === 'UpsertMultiple') throw duplicateKey();
    return undefined;
  }
  seen.add(name);
  const slot = findRow(table, key);
  if (slot !== undefined) {
    checkRow(context, table, slot, message === 'DeleteMultiple' ? 'Delete' : 'Write');
    return message === 'DeleteMultiple' ? { kind: 'delete', slot } : { kind: 'update', slot, change };
  }
  if (message !== 'UpsertMultiple') {
    if (key.kind === 'id') strikeRow(context, key.id);
    missing.push(key.kind === 'id' ? key.id : name);
    return undefined;
  }
  if (key.kind === 'id') return { kind: 'create', change: { ...change, id: key.id, partition: key.partition } };
  const repeated = key.values.find(([column]) => change.columns.includes(column.logicalName));
  if (repeated) {
    throw badRequest(
      `The key column '${repeated[0].logicalName}' stands both in @odata.id and in the target.`,
      '0x80040203',
    );
  }
  const cells = [...change.cells, ...key.values];
  return { kind: 'create', change: { ...change, cells, columns: cells.map(([column]) => column.logicalName) } };
}

/** What tells keys of one request apart. */
function nameOf(key: RowKey): string {
  if (key.kind === 'alternate') return JSON.stringify(key.values.map(([, value]) => value));
  return key.partition === undefined ? key.id : `${key.id}/${key.partition}`;
}

function readTarget(context: RequestContext, table: Table, target: Record<string, unknown>): RowChange {
  const type = target['@odata.type'];
  const expected = table.typeName;
  if (type !== expected && type !== `#${expected}`) {
    const found = type === undefined ? 'no @odata.type' : `@odata.type '${String(type)}'`;
    throw payloadError(
      table.identity.entitySetName,
      `Microsoft.OData.ODataException: A target has ${found}; it needs '${expected}'.`,
    );
  }
  return readChange(context, table, target, false);
}

function keyOf(context: RequestContext, table: Table, target: Record<string, unknown>, change: RowChange): RowKey {
  if (change.id !== undefined) return { kind: 'id', id: change.id, partition: change.partition };
  const reference = target['@odata.id'];
  const match = typeof reference === 'string' ? /(?:^|\/)([A-Za-z0-9_]+)\((.*)\)$/s.exec(reference) : null;
  if (match && match[1] === table.identity.entitySetName) return parseRowKey(table, match[2] as string);
  throw badRequest(`A target of '${context.path}' has neither its primary key nor an @odata.id.`, '0x80040203');
}

function parseTargets(context: RequestContext, table: Table): Record<string, unknown>[] {
  const { Targets: targets } = parseBody(context, table.identity.entitySetName);
  if (!Array.isArray(targets) || targets.length === 0 || !targets.every(isObject)) {
    throw payloadError(table.identity.entitySetName, 'Microsoft.OData.ODataException: Targets must be a list of rows.');
  }
  return targets;
}

function refuseUnsupported(table: Table, message: BulkMessage): void {
  if (message === 'DeleteMultiple' && !table.isElastic) {
    throw badRequest('DeleteMultiple has not yet been implemented.', '0x80040800');
  }
  if (!table.bulk) {
    throw badRequest(
      `The '${message}' method does not support entities of type '${table.name}'. MessageProcessorCache returned MessageProcessor.Empty.`,
      '0x80040800',
    );
  }
}

function demandPrivileges(context: RequestContext, table: Table, message: BulkMessage): void {
  if (message === 'CreateMultiple' || message === 'UpsertMultiple') context.caller.demand('Create', table);
  if (message === 'UpdateMultiple' || message === 'UpsertMultiple') context.caller.demand('Write', table);
  if (message === 'DeleteMultiple') context.caller.demand('Delete', table);
}
