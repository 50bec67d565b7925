import type { RequestContext } from '../context.ts';
import { badRequest } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import type { DataverseResponse } from '../request.ts';
import { json, text } from '../response.ts';
import { reachableRows } from '../security/row-access.ts';
import { type Aggregation, aggregate, parseApply } from './aggregate.ts';
import { countChanges, isChangeRead, readChanges } from './changes.ts';
import { compileFilter, type Predicate } from './filter-compile.ts';
import { parseFilter } from './filter-parser.ts';
import { withListedProperties } from './listed-columns.ts';
import { parseOrderBy } from './order-by.ts';
import { contextUrl, MOST_ROWS, nextLink } from './page-links.ts';
import { readSkipToken, writeSkipToken } from './paging-cookie.ts';
import { wantsAnnotation } from './preferences.ts';
import { projection } from './projection.ts';
import { refuseUnsupportedOptions } from './query-options.ts';
import { rowOperands } from './row-operands.ts';
import { orderRows } from './row-order.ts';
import { staleStates } from './stale-state.ts';

const TOTAL = 'Microsoft.Dynamics.CRM.totalrecordcount';
const EXCEEDED = 'Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded';

/** Answers `GET {api}/<entity set>`: a query, an aggregate, or a read of changes. `scope` narrows it to related rows. */
export function readRows(context: RequestContext, table: Table, scope?: ReadonlySet<number>): DataverseResponse {
  refuseUnsupportedOptions(context.options);
  context.caller.demand('Read', table);
  if (isChangeRead(context)) return readChanges(context, table);
  const apply = context.options.values.get('$apply');
  return apply === undefined ? readPage(context, table, scope) : readAggregate(context, table, parseApply(apply));
}

/** Answers `GET {api}/<entity set>/$count`. */
export function countRows(context: RequestContext, table: Table): DataverseResponse {
  context.caller.demand('Read', table);
  if (context.options.values.has('$deltatoken')) return text(String(countChanges(context, table)));
  const { ordered } = rowsOf(context, table, undefined);
  return text(String(countUpTo(ordered.from(undefined), MOST_ROWS)));
}

function readPage(context: RequestContext, table: Table, scope: ReadonlySet<number> | undefined): DataverseResponse {
  const { options, preferences } = context;
  const select = options.values.get('$select');
  const show = projection(context, table, select, options.values.get('$expand'));
  const { ordered } = rowsOf(context, table, scope);
  const skipToken = options.values.get('$skiptoken');
  const cookie = skipToken === undefined ? undefined : readSkipToken(skipToken);
  const wanted = preferences.maxPageSize;
  const size = wanted === undefined || wanted < 1 ? MOST_ROWS : Math.min(wanted, MOST_ROWS);
  const top = wanted === undefined ? parseTop(options.values.get('$top')) : undefined;

  const page: number[] = [];
  let hasMore = false;
  for (const slot of top === 0 ? [] : ordered.from(cookie)) {
    if (page.length === size) {
      hasMore = true;
      break;
    }
    page.push(slot);
    if (page.length === top) break;
  }
  context.cost.rowsRead += page.length;

  const answer: Record<string, unknown> = { '@odata.context': contextUrl(context, table, select) };
  const counts = options.values.get('$count') === 'true';
  const counted = counts ? countUpTo(ordered.from(undefined), MOST_ROWS + 1) : -1;
  if (counts) answer['@odata.count'] = Math.min(counted, MOST_ROWS);
  if (wantsAnnotation(preferences, TOTAL)) answer[`@${TOTAL}`] = counts ? Math.min(counted, MOST_ROWS) : -1;
  if (wantsAnnotation(preferences, EXCEEDED)) answer[`@${EXCEEDED}`] = counted > MOST_ROWS;
  answer.value = page.map(show);
  if (hasMore) {
    const token = writeSkipToken({
      pageNumber: (cookie?.pageNumber ?? 1) + 1,
      isTracking: false,
      last: ordered.mark(page.at(-1) as number),
      first: ordered.mark(page[0] as number).map(([, value]) => value),
    });
    answer['@odata.nextLink'] = nextLink(context, token);
  }
  return json(answer, wanted === undefined ? {} : { 'Preference-Applied': `odata.maxpagesize=${wanted}` });
}

function rowsOf(context: RequestContext, table: Table, scope: ReadonlySet<number> | undefined) {
  const text = context.options.values.get('$filter');
  const filter =
    text === undefined ? undefined : withListedProperties(parseFilter(text, context.options.aliases), table);
  const matches = allOf([
    filter && compileFilter(filter, rowOperands(context, table)),
    reachableRows(context.organisation, context.caller, 'Read', table),
    scope && ((slot: number) => scope.has(slot)),
    unseenHidden(context, table),
  ]);
  const orderBy = context.options.values.get('$orderby');
  const terms = parseOrderBy(orderBy?.startsWith('@') ? context.options.aliases.get(orderBy) : orderBy);
  return { ordered: orderRows(context, table, filter, matches, terms), matches };
}

/** Rows of an elastic table that this reader's copy does not have yet. */
function unseenHidden(context: RequestContext, table: Table): Predicate<number> | undefined {
  const stale = staleStates(context, table);
  if (!stale) return undefined;
  return (slot) => {
    const state = stale(slot);
    return state === undefined || state.cells !== undefined;
  };
}

function allOf(tests: readonly (Predicate<number> | undefined)[]): Predicate<number> | undefined {
  const present = tests.filter((test) => test !== undefined);
  const [only] = present;
  if (present.length < 2) return only;
  return (slot) => present.every((test) => test(slot));
}

function countUpTo(slots: Iterable<number>, limit: number): number {
  let count = 0;
  for (const _ of slots) if (++count === limit) break;
  return count;
}

function parseTop(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const top = Number(value);
  if (!Number.isInteger(top) || top < 0) throw badRequest(`Invalid value '${value}' for $top query option found.`);
  return top;
}

function readAggregate(context: RequestContext, table: Table, aggregation: Aggregation): DataverseResponse {
  if (context.options.values.has('$orderby')) {
    throw badRequest('The query node SingleValueOpenPropertyAccess is not supported');
  }
  const operands = rowOperands(context, table);
  const matches =
    aggregation.filter === undefined
      ? undefined
      : compileFilter(parseFilter(aggregation.filter, context.options.aliases), operands);
  const { ordered } = rowsOf(context, table, undefined);
  const value = aggregate(ordered.from(undefined), matches, aggregation, operands);
  context.cost.rowsRead += value.length;
  return json({ '@odata.context': contextUrl(context, table, undefined), value });
}
