import type { RequestContext } from '../context.ts';
import type { Table } from '../metadata/table.ts';
import { queryWithout } from './query-options.ts';

/** No page holds more rows, and no count goes further. */
export const MOST_ROWS = 5_000;

/** The link to the next page: the request's own URL with another place to begin. */
export function nextLink(context: RequestContext, token: string, ...dropped: string[]): string {
  const query = queryWithout(context.options.raw, '$skiptoken', ...dropped);
  return `${context.apiRoot}/${context.path}?${query === '' ? '' : `${query}&`}$skiptoken=${token}`;
}

/** The `@odata.context` of a collection. */
export function contextUrl(context: RequestContext, table: Table, select: string | undefined): string {
  const columns = select === undefined ? '' : `(${select})`;
  return `${context.apiRoot}/$metadata#${table.identity.entitySetName}${columns}`;
}
