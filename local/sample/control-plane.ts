/** The stand-in's control plane, as far as a sample organisation needs it. */

import { ndjsonChunksOf } from './ndjson.ts';
import type { RowChange, TableDefinition } from './organisation.ts';

/**
 * Sends a request to the stand-in and turns whatever goes wrong into an error that says which request it was.
 * @param expected statuses that are an answer to the caller although they tell of no success.
 */
export async function callStandIn(
  url: string,
  path: string,
  request: RequestInit,
  expected: readonly number[] = [],
): Promise<Response> {
  const asked = `${request.method ?? 'GET'} ${path}`;
  const response = await fetch(new URL(path, url), request).catch((error: Error) => {
    const { cause } = error;
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
    throw new Error(`${asked}: the Dataverse stand-in at ${url} does not answer (${reason}); is it running?`, {
      cause: error,
    });
  });
  if (!response.ok && !expected.includes(response.status))
    throw new Error(
      `${asked}: the Dataverse stand-in answered ${response.status}: ${(await response.text()).slice(0, 500)}`,
    );
  return response;
}

const send = async (url: string, method: string, path: string, type: string, body: string): Promise<void> => {
  const response = await callStandIn(url, path, { method, body, headers: { 'content-type': type } });
  await response.arrayBuffer();
};

/** Creates tables from their metadata. */
export const createTables = (url: string, tables: readonly TableDefinition[]): Promise<void> =>
  send(url, 'POST', '/__control/tables', 'application/json', JSON.stringify(tables));

/**
 * Makes an application user, or changes what it may do.
 * @param privileges names such as `prvReadContact`, or everything.
 */
export const putApplicationUser = (
  url: string,
  clientId: string,
  privileges: 'all' | readonly string[],
): Promise<void> =>
  send(url, 'PUT', `/__control/application-users/${clientId}`, 'application/json', JSON.stringify({ privileges }));

/** Loads rows of one table as another system would have written them, a few thousand a request; returns how many. */
export async function loadRows(
  url: string,
  table: string,
  rows: Iterable<RowChange>,
  onProgress: (loaded: number) => void = () => {},
): Promise<number> {
  let loaded = 0;
  for (const { text, count } of ndjsonChunksOf(rows)) {
    await send(url, 'POST', `/__control/rows/${table}`, 'application/x-ndjson', text);
    loaded += count;
    onProgress(loaded);
  }
  return loaded;
}
