import type { Table } from '../metadata/table.ts';
import { comparable } from '../store/column-data.ts';
import type { Value } from '../store/value.ts';
import { conjuncts, type Filter } from './filter-ast.ts';
import { listed, literalCell } from './filter-compile.ts';

/** Below this size a scan costs less than keeping an index. */
const SCAN_LIMIT = 1_000;
/** Version and modification date only ever rise, so a lower bound on either leaves the tail of the change log. */
const RISING: ReadonlySet<string> = new Set(['versionnumber', 'modifiedon']);

/**
 * Slots that alone can satisfy the filter, in no order, found without looking at every row: by primary key, by an indexed
 * column, or from the change log. `undefined` if all rows have to be looked at. The filter must still be applied.
 */
export function candidates(table: Table, filter: Filter | undefined): number[] | undefined {
  if (!filter) return undefined;
  const parts = conjuncts(filter);
  for (const part of parts) {
    const keys = keysOf(table, part);
    if (keys) return keys.flatMap((id) => (typeof id === 'string' ? table.rows.findAll(id) : []));
  }
  if (table.rows.count < SCAN_LIMIT) return undefined;
  for (const part of parts) {
    const found = indexed(table, part) ?? changedSince(table, part);
    if (found) return found;
  }
  return undefined;
}

function keysOf(table: Table, part: Filter): Value[] | undefined {
  if (part.kind === 'in' && part.path === table.identity.primaryId) return distinct(part, 'Uniqueidentifier');
  if (part.kind !== 'compare' || part.operator !== 'eq' || part.path !== table.identity.primaryId) return undefined;
  return [literalCell('Uniqueidentifier', part.literal, part.path)];
}

const distinct = (part: Filter & { kind: 'in' }, type: 'Uniqueidentifier') => [
  ...new Set(part.values.map((value) => listed(type, value, part.path))),
];

function indexed(table: Table, part: Filter): number[] | undefined {
  if (part.kind !== 'in' && !(part.kind === 'compare' && part.operator === 'eq')) return undefined;
  const column = table.columnOf(part.path);
  if (!column?.cells.find) return undefined;
  const values =
    part.kind === 'in'
      ? part.values.map((value) => listed(column.type, value, part.path))
      : [literalCell(column.type, part.literal, part.path)];
  const unlisted = comparable(column.cells.defaultValue ?? null);
  if (values.some((value) => value === null || comparable(value) === unlisted)) return undefined;
  const found = column.cells.find(values, table.rows.count / 8);
  return found && [...found];
}

function changedSince(table: Table, part: Filter): number[] | undefined {
  if (part.kind !== 'compare' || !RISING.has(part.path) || !(part.operator === 'gt' || part.operator === 'ge')) {
    return undefined;
  }
  const column = table.columnOf(part.path);
  const bound = column && literalCell(column.type, part.literal, part.path);
  if (typeof bound !== 'number') return undefined;
  const { changes } = table.rows;
  const slots: number[] = [];
  for (let index = changes.length - 1; index >= 0; index--) {
    const slot = changes.slotAt(index);
    const version = changes.versionAt(index);
    if (table.rows.isCurrent(version, slot)) {
      const value = part.path === 'versionnumber' ? version : table.rows.modifiedOn(slot);
      if (value < bound) break;
      slots.push(slot);
    }
  }
  return slots;
}
