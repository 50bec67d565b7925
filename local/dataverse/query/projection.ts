import { type RequestContext, visibleColumn } from '../context.ts';
import { badRequest, unknownProperty } from '../errors.ts';
import { type Column, isLookup, toJson } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import { reachableRows } from '../security/row-access.ts';
import { compileFilter } from './filter-compile.ts';
import { parseFilter } from './filter-parser.ts';
import { roadOf } from './navigation.ts';
import { compareRows, parseOrderBy } from './order-by.ts';
import { wantsAnnotation } from './preferences.ts';
import { allColumns, rowOperands } from './row-operands.ts';
import { type ExpandItem, parseExpand, parseSelect } from './select-expand.ts';
import { staleStates } from './stale-state.ts';

type Json = Record<string, unknown>;
type Write = (into: Json, slot: number) => void;

const FORMATTED = 'OData.Community.Display.V1.FormattedValue';
const LOOKUP_NAME = 'Microsoft.Dynamics.CRM.lookuplogicalname';
const NAVIGATION = 'Microsoft.Dynamics.CRM.associatednavigationproperty';

/** Makes the function that shows a row as `$select` and `$expand` ask for it. Names are checked once, not per row. */
export function projection(
  context: RequestContext,
  table: Table,
  select: string | undefined,
  expand: string | undefined,
): (slot: number) => Json {
  const writes = selectedColumns(context, table, parseSelect(select)).map((column) =>
    writeColumn(context, table, column),
  );
  writes.push(...parseExpand(expand).map((item) => writeExpanded(context, table, item)));
  const stale = staleStates(context, table);
  return (slot) => {
    const row: Json = { '@odata.etag': table.etag(slot) };
    for (const write of writes) write(row, slot);
    const previous = stale?.(slot);
    if (previous) overwrite(table, row, previous.etag, previous.cells);
    return row;
  };
}

/** Columns of a `$select` with the primary key, which is in every answer. */
export function selectedColumns(context: RequestContext, table: Table, names: string[] | undefined): Column[] {
  if (!names) return allColumns(context, table);
  const columns = names.map((name) => {
    const column = visibleColumn(context, table, name);
    if (!column) throw unknownProperty(name, table.name);
    return column;
  });
  const key = table.columns.get(table.identity.primaryId);
  if (key && !columns.includes(key)) columns.push(key);
  return columns;
}

function writeColumn(context: RequestContext, table: Table, column: Column): Write {
  const { property, type, cells } = column;
  if (!context.caller.mayUse(table, column)) {
    return (row) => {
      row[property] = null;
    };
  }
  const annotate = annotations(context, table, column);
  if (annotate) {
    return (row, slot) => {
      annotate(row, slot);
      row[property] = toJson(type, cells.get(slot));
    };
  }
  if (type === 'DateTime' || type === 'ManagedProperty') {
    return (row, slot) => {
      row[property] = toJson(type, cells.get(slot));
    };
  }
  return (row, slot) => {
    row[property] = cells.get(slot);
  };
}

function annotations(context: RequestContext, table: Table, column: Column): Write | undefined {
  const { preferences, organisation } = context;
  const shown = (name: string) => wantsAnnotation(preferences, name);
  const { property, cells } = column;
  if (isLookup(column) && [FORMATTED, LOOKUP_NAME, NAVIGATION].some(shown)) {
    const targets = column.targets.flatMap((name) => organisation.table(name) ?? []);
    return (row, slot) => {
      const id = cells.get(slot);
      if (typeof id !== 'string') return;
      const target = targets.find((candidate) => candidate.rows.find(id) !== undefined) ?? targets[0];
      if (!target) return;
      const navigation = [...table.navigations()].find((n) => n.column === column && n.target === target.name);
      if (shown(NAVIGATION)) row[`${property}@${NAVIGATION}`] = navigation?.name;
      if (shown(LOOKUP_NAME)) row[`${property}@${LOOKUP_NAME}`] = target.name;
      const found = target.rows.find(id);
      if (shown(FORMATTED) && found !== undefined) {
        row[`${property}@${FORMATTED}`] = target.cell(found, target.identity.primaryName);
      }
    };
  }
  const isChoice = ['Picklist', 'State', 'Status', 'Boolean', 'DateTime', 'Integer', 'Money'].includes(column.type);
  if (!isChoice || !shown(FORMATTED)) return undefined;
  return (row, slot) => {
    const value = cells.get(slot);
    if (value !== null) row[`${property}@${FORMATTED}`] = String(toJson(column.type, value));
  };
}

function writeExpanded(context: RequestContext, table: Table, item: ExpandItem): Write {
  const { navigation, options } = item;
  const road = roadOf(context.organisation, table, navigation);
  if (!road || (road.kind === 'single' && !visibleColumn(context, table, road.column.property))) {
    throw unknownProperty(navigation, table.name);
  }
  for (const name of options.keys()) {
    if (!['$select', '$expand', '$filter', '$orderby', '$top'].includes(name)) {
      throw badRequest(`The option '${name}' is not supported in $expand.`);
    }
  }
  const { target } = road;
  context.caller.demand('Read', target);
  const reaches = reachableRows(context.organisation, context.caller, 'Read', target);
  const show = projection(context, target, options.get('$select'), options.get('$expand'));
  if (road.kind === 'single') {
    return (row, slot) => {
      const other = road.find(slot);
      row[navigation] = other === undefined || (reaches && !reaches(other)) ? null : show(other);
    };
  }
  const filterText = options.get('$filter');
  const operands = rowOperands(context, target);
  const matches = filterText === undefined ? undefined : compileFilter(parseFilter(filterText), operands);
  const order = compareRows(parseOrderBy(options.get('$orderby')), operands, target);
  const top = options.has('$top') ? Number(options.get('$top')) : 5_000;
  return (row, slot) => {
    const found = road.find(slot).filter((other) => (!reaches || reaches(other)) && (!matches || matches(other)));
    row[navigation] = found.sort(order).slice(0, top).map(show);
    const link = `${context.apiRoot}/${table.identity.entitySetName}(${table.rows.ids[slot]})/${navigation}`;
    row[`${navigation}@odata.nextLink`] = item.query === '' ? link : `${link}?${encodeURI(item.query)}`;
  };
}

function overwrite(
  table: Table,
  row: Json,
  etag: string,
  cells: ReadonlyMap<string, string | number | boolean | null> | undefined,
): void {
  row['@odata.etag'] = etag;
  for (const [name, value] of cells ?? []) {
    const column = table.columns.get(name);
    if (column && column.property in row) row[column.property] = toJson(column.type, value);
  }
}
