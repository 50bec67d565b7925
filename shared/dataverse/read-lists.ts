import type { ListRequest, Row } from './dataverse.ts';
import { listAt, parseObject, stringAt } from './json.ts';
import { listsPerBatch, longestUrl, mostRowsOfPage } from './limits.ts';
import { isGiven, readInBatch } from './read-in-batch.ts';
import { readPage } from './read-page.ts';
import type { Sender } from './sender.ts';
import { apiPath } from './transport.ts';

const pagePreference = { Prefer: `odata.maxpagesize=${mostRowsOfPage}` };

/**
 * Rows whose column has one of many values, for each request. One GET where all fits into one, else `$batch`es
 * of GETs.
 */
export async function readLists(
  sender: Sender,
  requests: readonly ListRequest[],
  signal?: AbortSignal,
): Promise<readonly (readonly Row[])[]> {
  const answers: Row[][] = requests.map(() => []);
  const asked = requests.filter(({ values }) => values.length > 0);
  const only = asked[0];
  if (!only) return answers;
  // No longer than a GET by itself may be: a part that is refused is sent once more so.
  const pathsOf = (request: ListRequest) => listPaths(request, longestUrl - sender.origin.length - apiPath.length - 1);
  if (asked.length === 1) {
    const [path, ...more] = pathsOf(only);
    if (path !== undefined && more.length === 0) {
      answers[requests.indexOf(only)] = await readWhole(sender, only, path, signal);
      return answers;
    }
  }
  const lists = requests.flatMap((request, index) => pathsOf(request).map((path) => ({ request, index, path })));
  const batches: (typeof lists)[] = [];
  for (let at = 0; at < lists.length; at += listsPerBatch) batches.push(lists.slice(at, at + listsPerBatch));
  const read = await Promise.all(batches.map((batch) => readOneBatch(sender, batch, signal)));
  for (const [at, batch] of batches.entries()) {
    for (const [part, { index }] of batch.entries()) {
      const rows = read[at]?.[part] ?? [];
      // One by one: spreading a long list overflows the stack.
      for (const row of rows) answers[index]?.push(row);
    }
  }
  return answers;
}

async function readOneBatch(
  sender: Sender,
  lists: readonly { readonly request: ListRequest; readonly path: string }[],
  signal?: AbortSignal,
): Promise<readonly (readonly Row[])[]> {
  const sets = [...new Set(lists.map(({ request }) => request.entitySetName))];
  const what = `read lists of ${sets.join(', ')}`;
  const gets = lists.map(({ path }) => ({ path, headers: pagePreference }));
  const answers = await readInBatch(sender, gets, { kind: 'readLists', table: sets.join(','), what, signal });
  return Promise.all(
    lists.map(({ request, path }, at) => {
      const part = answers[at];
      if (part && isGiven(part)) return followPages(sender, request, part.body, signal);
      // By itself once more: the sender knows how to wait, and which other identity may read it.
      return readWhole(sender, request, path, signal);
    }),
  );
}

async function readWhole(sender: Sender, request: ListRequest, path: string, signal?: AbortSignal): Promise<Row[]> {
  const answer = await sender.send({
    kind: 'readLists',
    table: request.entitySetName,
    method: 'GET',
    path,
    headers: pagePreference,
    what: `read ${request.entitySetName}`,
    signal,
  });
  return followPages(sender, request, answer.body, signal);
}

/** A list may match more rows than a page holds, where many rows share a value. */
async function followPages(sender: Sender, request: ListRequest, first: string, signal?: AbortSignal): Promise<Row[]> {
  const { entitySetName, select } = request;
  const body = parseObject(first, `read ${entitySetName}`);
  const rows: Row[] = [...listAt(body, 'value')];
  let nextLink = stringAt(body, '@odata.nextLink');
  while (nextLink) {
    const page = await readPage(sender, { entitySetName, select, pageSize: mostRowsOfPage, nextLink }, signal);
    for (const row of page.rows) rows.push(row);
    nextLink = page.nextLink;
  }
  return rows;
}

/**
 * The paths, below the API's root and at most `maxLength` characters long, that together ask for all values:
 * `In` with parameter aliases, values in double quotes so that apostrophes need no care.
 */
export function listPaths(request: ListRequest, maxLength: number): readonly string[] {
  const { entitySetName, select, column, values, filter } = request;
  const condition = 'Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)';
  const extra = filter ? encodeURIComponent(` and (${filter})`) : '';
  const head = `${entitySetName}?$select=${select.join(',')}&$filter=${condition}${extra}&@p1='${column}'&@p2=%5B`;
  const tail = '%5D';
  const paths: string[] = [];
  let items: string[] = [];
  let length = head.length + tail.length;
  for (const value of new Set(values)) {
    // Ids, of which there are thousands, stand for themselves.
    const item = plain.test(value) ? `%22${value}%22` : encodeURIComponent(JSON.stringify(value));
    if (items.length > 0 && length + item.length > maxLength) {
      paths.push(`${head}${items.join(',')}${tail}`);
      items = [];
      length = head.length + tail.length;
    }
    items.push(item);
    length += item.length + 1;
  }
  if (items.length > 0) paths.push(`${head}${items.join(',')}${tail}`);
  return paths;
}

const plain = /^[\w-]*$/;
