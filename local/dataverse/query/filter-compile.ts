import { badRequest } from '../errors.ts';
import { type ColumnType, toCell } from '../metadata/column.ts';
import { comparable } from '../store/column-data.ts';
import type { Value } from '../store/value.ts';
import type { Comparison, Filter, Literal } from './filter-ast.ts';

/** Something a filter can look at: a column, a related row's column, a property of a definition. */
export interface Operand<Row> {
  readonly type: ColumnType;
  get(row: Row): Value;
}

/** Finds what a path of the filter means, or throws the service's error for an unknown name. */
export type Resolve<Row> = (path: string) => Operand<Row>;

export type Predicate<Row> = (row: Row) => boolean;

/**
 * Turns a filter into a function of a row. Text is compared without regard to case. A null cell equals nothing but null, and
 * differs (`ne`) from every value.
 */
export function compileFilter<Row>(filter: Filter, resolve: Resolve<Row>): Predicate<Row> {
  switch (filter.kind) {
    case 'and': {
      const [left, right] = [compileFilter(filter.left, resolve), compileFilter(filter.right, resolve)];
      return (row) => left(row) && right(row);
    }
    case 'or': {
      const [left, right] = [compileFilter(filter.left, resolve), compileFilter(filter.right, resolve)];
      return (row) => left(row) || right(row);
    }
    case 'not': {
      const operand = compileFilter(filter.operand, resolve);
      return (row) => !operand(row);
    }
    case 'compare':
      return compare(filter.operator, resolve(filter.path), filter.literal, filter.path);
    case 'text': {
      const operand = resolve(filter.path);
      const text = filter.text.toLowerCase();
      const { match } = filter;
      return (row) => {
        const value = operand.get(row);
        if (typeof value !== 'string') return false;
        const lower = value.toLowerCase();
        if (match === 'contains') return lower.includes(text);
        return match === 'startswith' ? lower.startsWith(text) : lower.endsWith(text);
      };
    }
    case 'in': {
      const operand = resolve(filter.path);
      const wanted = new Set(filter.values.map((value) => comparable(listed(operand.type, value, filter.path))));
      return (row) => {
        const value = operand.get(row);
        return value !== null && wanted.has(comparable(value));
      };
    }
  }
}

/** A value of an `In` list, which may come as text whatever the column's type. */
export function listed(type: ColumnType, value: string | number | boolean, path: string): Value {
  const numeric =
    type !== 'String' && type !== 'Memo' && typeof value === 'string' && toCell(type, value) === undefined;
  const cell = toCell(type, numeric ? Number(value) : value);
  if (cell === undefined || cell === null || Number.isNaN(cell)) throw incompatible(path);
  return cell;
}

/** The literal in the form the column keeps; GUIDs and dates may come quoted or not. */
export function literalCell(type: ColumnType, literal: Literal, path: string): Value {
  if (literal.value === null) return null;
  const isText = type === 'String' || type === 'Memo';
  if (isText && !literal.quoted) throw incompatible(path);
  const cell = toCell(type, literal.value);
  if (cell === undefined) throw incompatible(path);
  return cell;
}

function compare<Row>(operator: Comparison, operand: Operand<Row>, literal: Literal, path: string): Predicate<Row> {
  const wanted = comparable(literalCell(operand.type, literal, path));
  const isText = typeof wanted === 'string';
  const cell = isText
    ? (row: Row) => {
        const value = operand.get(row);
        return typeof value === 'string' ? value.toLowerCase() : value;
      }
    : (row: Row) => operand.get(row);
  if (operator === 'eq') return (row) => cell(row) === wanted;
  if (operator === 'ne') return (row) => cell(row) !== wanted;
  if (wanted === null) return () => false;
  const ordered = (test: (value: string | number | boolean) => boolean) => (row: Row) => {
    const value = cell(row);
    return value !== null && test(value);
  };
  if (operator === 'gt') return ordered((value) => value > wanted);
  if (operator === 'ge') return ordered((value) => value >= wanted);
  return operator === 'lt' ? ordered((value) => value < wanted) : ordered((value) => value <= wanted);
}

const incompatible = (path: string) =>
  badRequest(`A binary operator with incompatible types was detected: the value does not fit the type of '${path}'.`);
