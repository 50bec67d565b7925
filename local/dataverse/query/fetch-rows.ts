import { type RequestContext, seesColumn } from '../context.ts';
import { badRequest } from '../errors.ts';
import { type Column, toJson } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import type { DataverseResponse } from '../request.ts';
import { json } from '../response.ts';
import { reachableRows } from '../security/row-access.ts';
import { aggregateFetch } from './fetch-aggregate.ts';
import { fetchColumn, fetchFilter } from './fetch-conditions.ts';
import { childrenOf, type Element, parseFetchXml } from './fetch-xml.ts';
import type { Predicate } from './filter-compile.ts';
import { compareCells } from './order-by.ts';
import { contextUrl, MOST_ROWS } from './page-links.ts';
import { allColumns } from './row-operands.ts';

/** A row of the result: one slot for the entity itself and one for each linked entity, if it has a partner there. */
type Joined = readonly (number | undefined)[];

interface Link {
  readonly element: Element;
  readonly table: Table;
  readonly alias: string;
  /** Position of the entity that it hangs on. */
  readonly parent: number;
  readonly isOuter: boolean;
  readonly columns: readonly { readonly column: Column; readonly name: string }[];
  find(parentSlot: number): number[];
}

/** Answers `GET {api}/<entity set>?fetchXml=…`: attributes, filters, orders, inner and outer links, top, count and page. */
export function readFetch(context: RequestContext, table: Table, xml: string): DataverseResponse {
  const fetch = parseFetchXml(xml);
  const entity = fetch.children.find(({ name }) => name === 'entity');
  if (entity?.attributes.name !== table.name) {
    throw badRequest(`Invalid FetchXML: its entity is not that of '${table.identity.entitySetName}'.`, '0x80041129');
  }
  context.caller.demand('Read', table);
  const links: Link[] = [];
  collectLinks(context, table, entity, 0, links);
  if (fetch.attributes.aggregate === 'true') {
    const entities = [{ element: entity, table }, ...links].map((one, at) => ({ ...one, at }));
    const groups = aggregateFetch(context, join(context, table, entity, links), entities);
    return answerFetch(context, table, fetch, groups, (group) => group);
  }
  const shown = shownColumns(context, table, entity);
  const joined = join(context, table, entity, links).sort(orderOf(context, table, entity, links));

  return answerFetch(context, table, fetch, joined, (slots) => {
    const own = slots[0] as number;
    const row: Record<string, unknown> = { '@odata.etag': table.etag(own) };
    for (const column of shown) {
      row[column.property] = context.caller.mayUse(table, column) ? toJson(column.type, column.cells.get(own)) : null;
    }
    for (const [i, link] of links.entries()) {
      const slot = slots[i + 1];
      if (slot === undefined) continue;
      for (const { column, name } of link.columns) {
        const cell = context.caller.mayUse(link.table, column) ? toJson(column.type, column.cells.get(slot)) : null;
        if (cell !== null) row[name] = cell;
      }
    }
    return row;
  });
}

/** One page of what was found, and how to ask for the next. */
function answerFetch<Found>(
  context: RequestContext,
  table: Table,
  { attributes }: Element,
  found: readonly Found[],
  show: (one: Found) => Record<string, unknown>,
): DataverseResponse {
  const size = Math.min(Number(attributes.top ?? attributes.count ?? MOST_ROWS), MOST_ROWS);
  const pageNumber = Number(attributes.page ?? 1);
  const page = found.slice((pageNumber - 1) * size, pageNumber * size);
  context.cost.rowsRead += page.length;
  const answer: Record<string, unknown> = {
    '@odata.context': contextUrl(context, table, undefined),
    ...(attributes.returntotalrecordcount === 'true' && {
      '@Microsoft.Dynamics.CRM.totalrecordcount': Math.min(found.length, MOST_ROWS),
      '@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded': found.length > MOST_ROWS,
    }),
    value: page.map(show),
  };
  if (attributes.top === undefined && found.length > pageNumber * size) {
    answer['@Microsoft.Dynamics.CRM.morerecords'] = true;
    const cookie = encodeURIComponent(`<cookie page="${pageNumber}" />`);
    answer['@Microsoft.Dynamics.CRM.fetchxmlpagingcookie'] =
      `<cookie pagenumber="${pageNumber + 1}" pagingcookie="${cookie}" istracking="False" />`;
  }
  return json(answer);
}

function collectLinks(context: RequestContext, table: Table, element: Element, parent: number, links: Link[]): void {
  for (const child of childrenOf(element, 'link-entity')) {
    const { name = '', from, to, alias = `${name}${links.length + 1}` } = child.attributes;
    const kind = child.attributes['link-type'] ?? 'inner';
    const target = context.organisation.table(name);
    if (!target) throw badRequest(`The entity with a name = '${name}' was not found.`, '0x80040217');
    if (kind !== 'inner' && kind !== 'outer') {
      throw badRequest(`Invalid FetchXML: link-type '${kind}' is not supported.`, '0x80041129');
    }
    context.caller.demand('Read', target);
    const own = fetchColumn(context, table, to);
    const other = fetchColumn(context, target, from);
    const matches = fetchFilter(context, target, child);
    const reaches = reachableRows(context.organisation, context.caller, 'Read', target);
    const isWanted: Predicate<number> = (slot) =>
      target.rows.isAlive(slot) && (!reaches || reaches(slot)) && (!matches || matches(slot));
    const isKey = other.logicalName === target.identity.primaryId;
    links.push({
      element: child,
      table: target,
      alias,
      parent,
      isOuter: kind === 'outer',
      columns: childrenOf(child, 'attribute').map(({ attributes }) => ({
        column: fetchColumn(context, target, attributes.name),
        name: attributes.alias ?? `${alias}.${attributes.name}`,
      })),
      find: (slot) => {
        const value = own.cells.get(slot);
        if (value === null) return [];
        const found = isKey
          ? target.rows.findAll(String(value))
          : other.cells.find?.([value], Number.POSITIVE_INFINITY);
        return [...(found ?? [])].filter(isWanted);
      },
    });
    collectLinks(context, target, child, links.length, links);
  }
}

function join(context: RequestContext, table: Table, entity: Element, links: readonly Link[]): Joined[] {
  const matches = fetchFilter(context, table, entity);
  const reaches = reachableRows(context.organisation, context.caller, 'Read', table);
  let joined: Joined[] = [];
  for (const slot of table.rows.order.slots()) {
    if (table.rows.isAlive(slot) && (!reaches || reaches(slot)) && (!matches || matches(slot))) joined.push([slot]);
  }
  for (const link of links) {
    joined = joined.flatMap((row) => {
      const parent = row[link.parent];
      const partners = parent === undefined ? [] : link.find(parent);
      if (partners.length > 0) return partners.map((partner) => [...row, partner]);
      return link.isOuter ? [[...row, undefined]] : [];
    });
  }
  return joined;
}

function shownColumns(context: RequestContext, table: Table, entity: Element): Column[] {
  const names = childrenOf(entity, 'attribute').map(({ attributes }) => attributes.name);
  if (names.length === 0 || childrenOf(entity, 'all-attributes').length > 0) return allColumns(context, table);
  const columns = names.map((name) => fetchColumn(context, table, name));
  const key = table.columns.get(table.identity.primaryId);
  if (key && seesColumn(context, key) && !columns.includes(key)) columns.push(key);
  return columns;
}

function orderOf(context: RequestContext, table: Table, entity: Element, links: readonly Link[]) {
  const terms = [
    ...childrenOf(entity, 'order').map((order) => ({ order, at: 0, of: table })),
    ...links.flatMap((link, i) => {
      const element = findLink(entity, link.alias);
      return element ? childrenOf(element, 'order').map((order) => ({ order, at: i + 1, of: link.table })) : [];
    }),
  ].map(({ order, at, of }) => ({
    at,
    cells: fetchColumn(context, of, order.attributes.attribute).cells,
    sign: order.attributes.descending === 'true' ? -1 : 1,
  }));
  return (a: Joined, b: Joined): number => {
    for (const { at, cells, sign } of terms) {
      const [left, right] = [a[at], b[at]];
      const difference = compareCells(
        left === undefined ? null : cells.get(left),
        right === undefined ? null : cells.get(right),
      );
      if (difference !== 0) return difference * sign;
    }
    return 0;
  };
}

function findLink(element: Element, alias: string): Element | undefined {
  for (const child of childrenOf(element, 'link-entity')) {
    if (child.attributes.alias === alias) return child;
    const inner = findLink(child, alias);
    if (inner) return inner;
  }
  return undefined;
}
