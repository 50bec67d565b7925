import { type RequestContext, seesColumn } from '../context.ts';
import { badRequest } from '../errors.ts';
import { type Column, toCell } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import { comparable } from '../store/column-data.ts';
import type { Value } from '../store/value.ts';
import { childrenOf, type Element } from './fetch-xml.ts';
import type { Predicate } from './filter-compile.ts';
import { compareCells } from './order-by.ts';

/** The column of a FetchXML attribute, which goes by its logical name; unknown ones are refused. */
export function fetchColumn(context: RequestContext, table: Table, name: string | undefined): Column {
  const column = table.columns.get(name ?? '');
  if (column && seesColumn(context, column)) return column;
  throw badRequest(`'${table.name}' entity doesn't contain attribute with Name = '${name ?? ''}'.`, '0x80041103');
}

/** All `<filter>` elements of an entity or link as one test; `undefined` if there is none. */
export function fetchFilter(context: RequestContext, table: Table, parent: Element): Predicate<number> | undefined {
  const filters = childrenOf(parent, 'filter').map((filter) => compile(context, table, filter));
  return filters.length === 0 ? undefined : (slot) => filters.every((test) => test(slot));
}

function compile(context: RequestContext, table: Table, filter: Element): Predicate<number> {
  const tests = filter.children.map((child) => {
    if (child.name === 'filter') return compile(context, table, child);
    if (child.name === 'condition') return condition(context, table, child);
    throw badRequest(`Invalid FetchXML: <${child.name}> inside <filter> is not supported.`, '0x80041129');
  });
  const isAny = filter.attributes.type === 'or';
  return (slot) => (isAny ? tests.some((test) => test(slot)) : tests.every((test) => test(slot)));
}

function condition(context: RequestContext, table: Table, element: Element): Predicate<number> {
  const column = fetchColumn(context, table, element.attributes.attribute);
  const { operator = '', value } = element.attributes;
  const get = context.caller.mayUse(table, column) ? (slot: number) => column.cells.get(slot) : () => null;
  if (operator === 'null') return (slot) => get(slot) === null;
  if (operator === 'not-null') return (slot) => get(slot) !== null;
  if (operator === 'in' || operator === 'not-in') {
    const wanted = new Set(childrenOf(element, 'value').map(({ text }) => comparable(cellOf(column, text.trim()))));
    const isIn = (slot: number) => wanted.has(comparable(get(slot)));
    return operator === 'in' ? isIn : (slot) => !isIn(slot);
  }
  if (value === undefined) throw badRequest(`Invalid FetchXML: condition '${operator}' needs a value.`, '0x80041129');
  const pattern = likePattern(operator, value);
  if (pattern) {
    const matches = (slot: number) => pattern.test(String(get(slot) ?? ''));
    return operator.startsWith('not-') ? (slot) => !matches(slot) : matches;
  }
  const wanted = cellOf(column, value);
  const compare = (slot: number) => compareCells(get(slot), wanted);
  const isNull = (slot: number) => get(slot) === null;
  switch (operator) {
    case 'eq':
      return (slot) => compare(slot) === 0;
    case 'ne':
    case 'neq':
      return (slot) => compare(slot) !== 0;
    case 'gt':
      return (slot) => !isNull(slot) && compare(slot) > 0;
    case 'ge':
      return (slot) => !isNull(slot) && compare(slot) >= 0;
    case 'lt':
      return (slot) => !isNull(slot) && compare(slot) < 0;
    case 'le':
      return (slot) => !isNull(slot) && compare(slot) <= 0;
    default:
      throw badRequest(`Invalid FetchXML: operator '${operator}' is not supported.`, '0x80041129');
  }
}

function likePattern(operator: string, value: string): RegExp | undefined {
  const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const like = (text: string) => new RegExp(`^${quoted(text).replaceAll('%', '.*').replaceAll('_', '.')}$`, 'is');
  if (operator === 'like' || operator === 'not-like') return like(value);
  if (operator === 'begins-with' || operator === 'not-begin-with') return new RegExp(`^${quoted(value)}`, 'is');
  if (operator === 'ends-with' || operator === 'not-end-with') return new RegExp(`${quoted(value)}$`, 'is');
  return undefined;
}

/** A FetchXML value, which is always text, in the form the column keeps. */
function cellOf(column: Column, text: string): Value {
  const numeric = ['Integer', 'BigInt', 'Decimal', 'Double', 'Money', 'Picklist', 'State', 'Status'].includes(
    column.type,
  );
  const isFlag = column.type === 'Boolean' || column.type === 'ManagedProperty';
  const plain = numeric ? Number(text) : isFlag ? text === 'true' || text === '1' : text;
  const cell = toCell(column.type, plain);
  if (cell === undefined)
    throw badRequest(`Invalid FetchXML: '${text}' does not fit '${column.logicalName}'.`, '0x80041129');
  return cell;
}
