import { badRequest } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import { comparable } from '../store/column-data.ts';
import type { Value } from '../store/value.ts';
import type { Operand, Resolve } from './filter-compile.ts';

/** One term of an `$orderby`. */
export interface OrderTerm {
  readonly path: string;
  readonly descending: boolean;
}

/** Parses an `$orderby`, e.g. `modifiedon desc,lastname`. */
export function parseOrderBy(text: string | undefined): OrderTerm[] {
  if (text === undefined || text.trim() === '') return [];
  return text.split(',').map((term) => {
    const [path, direction, surplus] = term.trim().split(/\s+/);
    if (!path || surplus !== undefined || (direction !== undefined && direction !== 'asc' && direction !== 'desc')) {
      throw badRequest(`Syntax error in $orderby '${text}'.`);
    }
    return { path, descending: direction === 'desc' };
  });
}

/** Compares two cells as the sort order wants them: null first, text without regard to case. */
export function compareCells(left: Value, right: Value): number {
  const a = comparable(left);
  const b = comparable(right);
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

/** Compares rows by the terms and then by primary key, so that every order is total and pages never overlap. */
export function compareRows(terms: readonly OrderTerm[], resolve: Resolve<number>, table: Table) {
  const keys: { operand: Operand<number>; sign: number }[] = terms.map((term) => ({
    operand: resolve(term.path),
    sign: term.descending ? -1 : 1,
  }));
  const { ids } = table.rows;
  return (a: number, b: number): number => {
    for (const { operand, sign } of keys) {
      const difference = compareCells(operand.get(a), operand.get(b));
      if (difference !== 0) return difference * sign;
    }
    return (ids[a] as string) < (ids[b] as string) ? -1 : ids[a] === ids[b] ? a - b : 1;
  };
}

/** Sorts slots as {@link compareRows} would, but reads every key once instead of once for each comparison. */
export function sortSlots(
  slots: number[],
  terms: readonly OrderTerm[],
  resolve: Resolve<number>,
  table: Table,
): number[] {
  const keys = terms.map((term) => {
    const operand = resolve(term.path);
    const cells: Value[] = [];
    for (const slot of slots) cells.push(comparable(operand.get(slot)));
    return { cells, sign: term.descending ? -1 : 1 };
  });
  const { ids } = table.rows;
  const positions = slots.map((_, position) => position);
  positions.sort((a, b) => {
    for (const { cells, sign } of keys) {
      const [left, right] = [cells[a] as Value, cells[b] as Value];
      if (left === right) continue;
      if (left === null) return -sign;
      return right === null || left > right ? sign : -sign;
    }
    const [left, right] = [ids[slots[a] as number] as string, ids[slots[b] as number] as string];
    return left < right ? -1 : left === right ? a - b : 1;
  });
  return positions.map((position) => slots[position] as number);
}
