import type { RequestContext } from '../context.ts';
import { badRequest, rowDoesNotExist, unknownProperty, unreadablePath } from '../errors.ts';
import { type Column, toCell } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import { compareCells } from '../query/order-by.ts';
import { splitOutside } from '../query/select-expand.ts';
import { parseGuid } from '../store/guid.ts';
import type { Value } from '../store/value.ts';

/** How a request names a row: by id (elastic rows also by partition), or by the values of an alternate key. */
export type RowKey =
  | { readonly kind: 'id'; readonly id: string; readonly partition: string | undefined }
  | { readonly kind: 'alternate'; readonly values: readonly (readonly [Column, Value])[] };

/** Parses what stands in the brackets of `contacts(…)`. */
export function parseRowKey(table: Table, text: string): RowKey {
  const plain = parseGuid(text.trim());
  if (plain !== undefined) return { kind: 'id', id: plain, partition: undefined };
  const values = splitOutside(text, ',').map((part): readonly [Column, Value] => {
    const equals = part.indexOf('=');
    if (equals < 1) throw unreadablePath();
    const name = part.slice(0, equals).trim();
    const column = table.columnOf(name);
    if (!column) throw unknownProperty(name, table.name);
    return [column, keyValue(column, part.slice(equals + 1).trim())];
  });
  const { primaryId } = table.identity;
  const id = values.find(([column]) => column.logicalName === primaryId)?.[1];
  if (typeof id !== 'string') return { kind: 'alternate', values };
  const partition = values.find(([column]) => column.logicalName === 'partitionid')?.[1];
  return { kind: 'id', id, partition: typeof partition === 'string' ? partition : undefined };
}

function keyValue(column: Column, text: string): Value {
  const quoted = /^'(.*)'$/s.exec(text)?.[1]?.replaceAll("''", "'");
  const isNumber = quoted === undefined && /^-?\d+(\.\d+)?$/.test(text);
  const value = toCell(column.type, isNumber ? Number(text) : (quoted ?? text));
  if (value === undefined)
    throw badRequest(`The key value '${text}' does not fit the type of '${column.logicalName}'.`);
  return value;
}

/** The row of a key; `undefined` if there is none. */
export function findRow(table: Table, key: RowKey): number | undefined {
  if (key.kind === 'id') return table.rows.find(key.id, key.partition);
  const [first] = key.values;
  const near = first?.[0].cells.find?.([first[1]], Number.POSITIVE_INFINITY);
  const slots = near ?? table.rows.ids.keys();
  for (const slot of slots) {
    const isMatch = key.values.every(([column, value]) => compareCells(column.cells.get(slot), value) === 0);
    if (isMatch && table.rows.isAlive(slot)) return slot;
  }
  return undefined;
}

/** The row of a key, or the 404 of single-row requests. */
export function demandRowOf(context: RequestContext, table: Table, key: RowKey): number {
  const slot = findRow(table, key);
  if (slot !== undefined) return slot;
  throw missing(context, table, key);
}

/** The 404 of a row that is not there. */
export function missing(context: RequestContext, table: Table, key: RowKey) {
  if (key.kind === 'id') return rowDoesNotExist(table.name, key.id, context.organisation.settings.missingRowCode);
  return rowDoesNotExist(table.name, key.values.map(([, value]) => String(value)).join(','), '0x80060891');
}
