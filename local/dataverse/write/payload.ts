import { type RequestContext, seesColumn } from '../context.ts';
import { badRequest, DataverseError, invalidProperty, payloadError, undeclaredProperty } from '../errors.ts';
import { type Column, isLookup, toCell } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import type { Value } from '../store/value.ts';
import { parseReference } from './reference.ts';

/** What a payload wants to be written. */
export interface RowChange {
  readonly cells: readonly (readonly [Column, Value])[];
  /** Names of the columns written, for statistics and custom logic. */
  readonly columns: readonly string[];
  /** The primary key if the payload holds it. */
  readonly id: string | undefined;
  /** The partition of an elastic row if the payload names it. */
  readonly partition: string | undefined;
}

/** Parses a JSON body that must be an object. */
export function parseBody(context: RequestContext, entitySet: string): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(context.body);
  } catch {
    throw payloadError(entitySet, 'Newtonsoft.Json.JsonReaderException: The body is not valid JSON.');
  }
  if (!isObject(body)) throw payloadError(entitySet, 'Microsoft.OData.ODataException: The body is not a JSON object.');
  return body;
}

/** Whether a JSON value is an object. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads what a payload writes, in the order of the service's own checks: names, then values and references, then what the
 * caller may do. `allowsNullBind` says whether `"<navigation>@odata.bind": null` clears the lookup, as it does in a single
 * PATCH, or is refused, as in a batch.
 */
export function readChange(
  context: RequestContext,
  table: Table,
  payload: Record<string, unknown>,
  allowsNullBind: boolean,
): RowChange {
  const cells: (readonly [Column, Value])[] = [];
  // The column that the platform fills beside a lookup to an elastic table is nobody's wish, and so not among these.
  const columns: string[] = [];
  const write = (added: readonly (readonly [Column, Value])[]) => {
    for (const cell of added) cells.push(cell);
    const [named] = added;
    if (named) columns.push(named[0].logicalName);
  };
  let id: string | undefined;
  let partition: string | undefined;
  for (const name in payload) {
    const value = payload[name];
    if (name.charCodeAt(0) === 64) continue;
    if (name.endsWith('@odata.bind')) {
      write(bind(context, table, name.slice(0, -'@odata.bind'.length), value, allowsNullBind));
    } else if (name.includes('@')) {
      const property = name.slice(0, name.indexOf('@'));
      if (!(property in payload)) throw undeclaredProperty(table.identity.entitySetName, property);
    } else if (name === table.identity.primaryId) {
      const guid = toCell('Uniqueidentifier', value);
      if (typeof guid !== 'string') throw wrongType(table, name, value);
      id = guid;
    } else {
      const added = plainCell(context, table, name, value);
      write(added);
      if (name === 'partitionid' && typeof value === 'string') partition = value;
    }
  }
  return { cells, columns, id, partition };
}

function bind(
  context: RequestContext,
  table: Table,
  name: string,
  value: unknown,
  allowsNullBind: boolean,
): (readonly [Column, Value])[] {
  const navigation = table.navigation(name);
  if (!navigation || !seesColumn(context, navigation.column)) {
    throw undeclaredProperty(table.identity.entitySetName, name);
  }
  const { column, target } = navigation;
  checkColumn(context, table, column);
  if (value === null) {
    if (allowsNullBind) return clear(context, table, column);
    throw badRequest(
      "The 'odata.bind' instance or property annotation has a null value. In OData, the 'odata.bind' instance or property annotation must have a non-null string value.",
      '0x80048d19',
    );
  }
  if (typeof value !== 'string') throw wrongType(table, `${name}@odata.bind`, value);
  const reference = parseReference(context, value);
  const isOwner = column.type === 'Owner' && column.targets.includes(reference.target.name);
  if (reference.target.name !== target && !isOwner) {
    throw payloadError(
      table.identity.entitySetName,
      `Microsoft.OData.ODataException: '${name}' cannot refer to a row of '${reference.target.name}'.`,
    );
  }
  if (column.type === 'Owner') context.caller.demand('Assign', table);
  else {
    context.caller.demand('Append', table);
    context.caller.demand('AppendTo', reference.target);
  }
  const companion = reference.target.isElastic ? table.partitionCompanion(column) : undefined;
  const cell = [column, reference.id] as const;
  return companion ? [cell, [companion, reference.partition ?? reference.id]] : [cell];
}

function plainCell(
  context: RequestContext,
  table: Table,
  name: string,
  value: unknown,
): readonly (readonly [Column, Value])[] {
  const navigation = table.navigation(name);
  if (navigation && value === null && seesColumn(context, navigation.column)) {
    checkColumn(context, table, navigation.column);
    return clear(context, table, navigation.column);
  }
  const column = table.columns.get(name);
  if (!column || isLookup(column) || !seesColumn(context, column)) throw invalidProperty(name, table.name);
  checkColumn(context, table, column);
  const cell = toCell(column.type, value);
  if (cell === undefined) throw wrongType(table, name, value);
  if (typeof cell === 'string' && column.maxLength !== undefined && cell.length > column.maxLength) {
    throw badRequest(
      `A validation error occurred.  The length of the '${name}' attribute of the '${table.name}' entity exceeded the maximum allowed length of '${column.maxLength}'.`,
      '0x80044331',
    );
  }
  return [[column, cell]];
}

function clear(context: RequestContext, table: Table, column: Column): (readonly [Column, Value])[] {
  const companion = table.partitionCompanion(column);
  context.caller.demand('Append', table);
  return companion
    ? [
        [column, null],
        [companion, null],
      ]
    : [[column, null]];
}

function checkColumn(context: RequestContext, table: Table, column: Column): void {
  if (column.isReadOnly) throw invalidProperty(column.property, table.name);
  if (context.caller.mayUse(table, column)) return;
  throw new DataverseError(
    403,
    '0x8004f507',
    `Caller user with Id ${context.caller.userId} does not have update permissions to a ${column.displayName} secured field on entity ${table.identity.displayName} table. The requested operation could not be completed.`,
  );
}

const wrongType = (table: Table, name: string, value: unknown) =>
  payloadError(
    table.identity.entitySetName,
    `Microsoft.OData.ODataException: Cannot convert the literal '${JSON.stringify(value)}' of '${name}' to the expected type.`,
  );
