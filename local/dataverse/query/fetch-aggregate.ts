import type { RequestContext } from '../context.ts';
import { badRequest } from '../errors.ts';
import type { Column } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import type { Value } from '../store/value.ts';
import { type Aggregation, aggregate, type Method } from './aggregate.ts';
import { fetchColumn } from './fetch-conditions.ts';
import { childrenOf, type Element } from './fetch-xml.ts';
import type { Operand } from './filter-compile.ts';
import { compareCells } from './order-by.ts';

/** An entity of the query with its place in a joined row. */
export interface FetchedEntity {
  readonly element: Element;
  readonly table: Table;
  readonly at: number;
}

/** A row of a join: one slot for each entity, if it has a partner there. */
type Joined = readonly (number | undefined)[];

/** What `aggregate` of an attribute computes. */
const methods: Readonly<Record<string, Method>> = {
  count: 'count',
  countcolumn: 'countcolumn',
  sum: 'sum',
  avg: 'average',
  min: 'min',
  max: 'max',
};
const ofNumbers: ReadonlySet<Method> = new Set(['sum', 'average']);
const numeric: ReadonlySet<string> = new Set(['Integer', 'BigInt', 'Decimal', 'Double', 'Money']);

/** The parts of a date that rows can be grouped by; the fiscal year is the calendar's. */
const dateParts: Readonly<Record<string, (date: Date) => number>> = {
  day: (date) => date.getUTCDate(),
  week: (date) => Math.ceil(((+date - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000 + 1) / 7),
  month: (date) => date.getUTCMonth() + 1,
  quarter: (date) => Math.floor(date.getUTCMonth() / 3) + 1,
  year: (date) => date.getUTCFullYear(),
  'fiscal-period': (date) => Math.floor(date.getUTCMonth() / 3) + 1,
  'fiscal-year': (date) => date.getUTCFullYear(),
};

/** Groups and computes what `<fetch aggregate="true">` asks for, in the order that it asks for; groups go by their aliases. */
export function aggregateFetch(
  context: RequestContext,
  joined: readonly Joined[],
  entities: readonly FetchedEntity[],
): Record<string, unknown>[] {
  const operands = new Map<string, Operand<Joined>>();
  const groupBy: string[] = [];
  const computed: { method: Method; path: string; alias: string }[] = [];
  for (const { element, table, at } of entities) {
    if (childrenOf(element, 'all-attributes').length > 0) throw unaggregated();
    for (const { attributes } of childrenOf(element, 'attribute')) {
      const { alias, groupby, aggregate: named, distinct } = attributes;
      if (groupby !== 'true' && named === undefined) throw unaggregated();
      if (alias === undefined)
        throw badRequest('An alias is required for every attribute of an aggregate.', '0x8004110B');
      if (!/^[A-Za-z_]\w*$/.test(alias) || operands.has(alias))
        throw badRequest(`Invalid alias: ${alias}.`, '0x80041109');
      const column = fetchColumn(context, table, attributes.name);
      operands.set(
        alias,
        operandOf(context, table, column, at, groupby === 'true' ? attributes.dategrouping : undefined),
      );
      if (groupby === 'true') groupBy.push(alias);
      else computed.push({ method: methodOf(column, named ?? '', distinct === 'true'), path: alias, alias });
    }
  }
  if (operands.size === 0) throw unaggregated();
  const resolve = (alias: string) => operands.get(alias) as Operand<Joined>;
  const aggregation: Aggregation = { filter: undefined, groupBy, computed };
  return aggregate(joined, undefined, aggregation, resolve).sort(orderOf(entities, operands));
}

function operandOf(
  context: RequestContext,
  table: Table,
  column: Column,
  at: number,
  dateGrouping: string | undefined,
): Operand<Joined> {
  const cell = (row: Joined): Value => {
    const slot = row[at];
    return slot === undefined || !context.caller.mayUse(table, column) ? null : column.cells.get(slot);
  };
  if (dateGrouping === undefined) return { type: column.type, get: cell };
  const part = dateParts[dateGrouping];
  if (!part || column.type !== 'DateTime')
    throw badRequest(`Invalid FetchXML: dategrouping '${dateGrouping}' of '${column.logicalName}'.`, '0x80041129');
  const get = (row: Joined): Value => {
    const value = cell(row);
    return value === null ? null : part(new Date(value as number));
  };
  return { type: 'Integer', get };
}

function methodOf(column: Column, name: string, isDistinct: boolean): Method {
  const method = methods[name];
  if (method === undefined) throw badRequest(`Invalid FetchXML: aggregate '${name}' is not known.`, '0x80041129');
  if (ofNumbers.has(method) && !numeric.has(column.type)) {
    throw badRequest(`Aggregate ${name} is not supported for attribute of type ${column.type}.`, '0x80041107');
  }
  return method === 'countcolumn' && isDistinct ? 'countdistinct' : method;
}

/** Groups are ordered by aliases alone. */
function orderOf(entities: readonly FetchedEntity[], operands: ReadonlyMap<string, unknown>) {
  const terms = entities.flatMap(({ element }) => childrenOf(element, 'order')).map(({ attributes }) => attributes);
  for (const { alias } of terms) {
    if (alias === undefined)
      throw badRequest(
        'An attribute for OrderBy cannot be specified for an aggregate query. Use an alias.',
        '0x8004110B',
      );
    if (!operands.has(alias)) throw badRequest(`The alias ${alias} does not exist.`, '0x8004110A');
  }
  return (a: Record<string, unknown>, b: Record<string, unknown>): number => {
    for (const { alias = '', descending } of terms) {
      const difference = compareCells((a[alias] ?? null) as Value, (b[alias] ?? null) as Value);
      if (difference !== 0) return descending === 'true' ? -difference : difference;
    }
    return 0;
  };
}

const unaggregated = () =>
  badRequest('Attributes can not be returned if aggregate operation is requested.', '0x80041107');
