import type { RequestContext } from '../context.ts';
import { badRequest } from '../errors.ts';
import { toCell } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import { cookieGuid, parseGuid } from '../store/guid.ts';
import type { Value } from '../store/value.ts';
import { candidates } from './candidates.ts';
import { type Filter, pathsOf } from './filter-ast.ts';
import type { Operand, Predicate } from './filter-compile.ts';
import { compareCells, type OrderTerm, sortSlots } from './order-by.ts';
import type { PagingCookie } from './paging-cookie.ts';
import { rowOperands } from './row-operands.ts';

/** The rows of a query in their order, from where a page begins. */
export interface OrderedRows {
  /** Matching rows after the cookie's position, or all of them. */
  from(cookie: PagingCookie | undefined): Generator<number>;
  /** What a cookie remembers of a row. */
  mark(slot: number): (readonly [column: string, value: string])[];
}

/** Sorted results of the latest query on a table, good until the table is written. */
interface Sorted {
  readonly key: string;
  readonly revision: number;
  readonly slots: readonly number[];
}
const latestSorted = new WeakMap<Table, Sorted>();

/** Puts the matching rows in order: by the terms given, and in any case by primary key in the end. */
export function orderRows(
  context: RequestContext,
  table: Table,
  filter: Filter | undefined,
  matches: Predicate<number> | undefined,
  terms: readonly OrderTerm[],
): OrderedRows {
  const byKeyOnly = terms.length === 0 || (terms[0]?.path === table.identity.primaryId && !terms[0].descending);
  const few = candidates(table, filter);
  const isMatch = (slot: number) => table.rows.isAlive(slot) && (!matches || matches(slot));
  return byKeyOnly && !few
    ? inKeyOrder(table, isMatch)
    : inSortOrder(context, table, filter, isMatch, few, byKeyOnly ? [] : terms);
}

function inKeyOrder(table: Table, isMatch: Predicate<number>): OrderedRows {
  const { rows } = table;
  return {
    *from(cookie) {
      const slots = rows.order.slots();
      for (let i = cookie ? rows.order.after(cookieKey(table, cookie)) : 0; i < slots.length; i++) {
        const slot = slots[i] as number;
        if (isMatch(slot)) yield slot;
      }
    },
    mark: (slot) => [keyMark(table, slot)],
  };
}

function inSortOrder(
  context: RequestContext,
  table: Table,
  filter: Filter | undefined,
  isMatch: Predicate<number>,
  few: readonly number[] | undefined,
  terms: readonly OrderTerm[],
): OrderedRows {
  const resolve = rowOperands(context, table);
  const operands = terms.map((term) => resolve(term.path));
  const sorted = (): readonly number[] => {
    // A related row's column may change without a write to this table: such results are never kept.
    const isWorthKeeping = !few || terms.length > 0;
    const isLocal =
      isWorthKeeping &&
      ![...terms.map(({ path }) => path), ...(filter ? pathsOf(filter) : [])].some((p) => p.includes('/'));
    const key = isLocal ? JSON.stringify([filter, terms, context.caller.userId]) : '';
    const { revision } = table.rows;
    const known = latestSorted.get(table);
    if (isLocal && known?.key === key && known.revision === revision) return known.slots;
    const found = (few ?? table.rows.ids.map((_, slot) => slot)).filter(isMatch);
    const slots = sortSlots(found, terms, resolve, table);
    if (isLocal && slots.length > 1_000) latestSorted.set(table, { key, revision, slots });
    return slots;
  };
  return {
    *from(cookie) {
      const slots = sorted();
      for (let i = cookie ? positionAfter(table, slots, operands, terms, cookie) : 0; i < slots.length; i++) {
        yield slots[i] as number;
      }
    },
    mark: (slot) => [
      ...terms.map((term, i) => [markName(term), JSON.stringify(operands[i]?.get(slot) ?? null)] as const),
      keyMark(table, slot),
    ],
  };
}

/** Index of the first row that comes after the cookie's values; by value, since the row itself may have moved since. */
function positionAfter(
  table: Table,
  slots: readonly number[],
  operands: readonly Operand<number>[],
  terms: readonly OrderTerm[],
  cookie: PagingCookie,
): number {
  const key = cookieKey(table, cookie);
  const values = terms.map((term, i): Value => {
    const text = cookie.last[i]?.[0] === markName(term) ? cookie.last[i]?.[1] : undefined;
    if (text === undefined) throw badRequest('The paging cookie belongs to another query.');
    const value: unknown = JSON.parse(text);
    return typeof value === 'number' ? value : (toCell(operands[i]?.type ?? 'String', value) ?? null);
  });
  const isAfter = (slot: number): boolean => {
    for (let i = 0; i < terms.length; i++) {
      const difference = compareCells(operands[i]?.get(slot) ?? null, values[i] ?? null);
      if (difference !== 0) return difference > 0 !== (terms[i]?.descending ?? false);
    }
    return (table.rows.ids[slot] as string) > key;
  };
  let low = 0;
  let high = slots.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAfter(slots[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const markName = (term: OrderTerm) => term.path.replaceAll('/', '_').toLowerCase();

const keyMark = (table: Table, slot: number) =>
  [table.identity.primaryId, cookieGuid(table.rows.ids[slot] as string)] as const;

function cookieKey(table: Table, cookie: PagingCookie): string {
  const [column, value] = cookie.last.at(-1) ?? [];
  const id = column === table.identity.primaryId ? parseGuid(value ?? '') : undefined;
  if (id === undefined) throw badRequest('The paging cookie belongs to another table.');
  return id;
}
