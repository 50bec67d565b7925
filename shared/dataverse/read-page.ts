import { TerminalError } from '../errors.ts';
import type { ChangePage, PageRequest, Row, RowPage } from './dataverse.ts';
import { listAt, parseObject, stringAt } from './json.ts';
import { mostRowsOfPage } from './limits.ts';
import type { Sender } from './sender.ts';
import { ServiceFailure } from './service-failure.ts';

/** One page of a table's rows. */
export async function readPage(sender: Sender, request: PageRequest, signal?: AbortSignal): Promise<RowPage> {
  const { entitySetName, select, filter, orderBy, pageSize } = request;
  const query = [`$select=${select.join(',')}`];
  if (filter) query.push(`$filter=${encodeURIComponent(filter)}`);
  if (orderBy) query.push(`$orderby=${encodeURIComponent(orderBy)}`);
  const what = `read ${entitySetName}`;
  const answer = await sender.send({
    kind: 'readPage',
    table: entitySetName,
    method: 'GET',
    path: request.nextLink ?? `${entitySetName}?${query.join('&')}`,
    headers: { Prefer: `odata.maxpagesize=${Math.min(pageSize, mostRowsOfPage)}` },
    what,
    signal,
  });
  const body = parseObject(answer.body, what);
  return { rows: listAt(body, 'value'), nextLink: stringAt(body, '@odata.nextLink') };
}

export interface ChangesRequest {
  readonly entitySetName: string;
  readonly select: readonly string[];
  readonly pageSize: number;
  readonly link?: string | undefined;
}

/** One page of a table's changes. */
export async function readChanges(sender: Sender, request: ChangesRequest, signal?: AbortSignal): Promise<ChangePage> {
  const { entitySetName, select, link } = request;
  const pageSize = `odata.maxpagesize=${Math.min(request.pageSize, mostRowsOfPage)}`;
  const what = `read the changes of ${entitySetName}`;
  try {
    const answer = await sender.send({
      kind: 'readChanges',
      table: entitySetName,
      method: 'GET',
      path: link ?? `${entitySetName}?$select=${select.join(',')}`,
      // A link carries the tracking itself; only the first request of a full reading asks for it.
      headers: { Prefer: link ? pageSize : `odata.track-changes,${pageSize}` },
      what,
      signal,
    });
    const page = toChangePage(parseObject(answer.body, what), entitySetName);
    const answeredAt = Date.parse(answer.headers.get('Date') ?? '');
    return { ...page, ...(Number.isNaN(answeredAt) ? {} : { answeredAt }), ...deltaTimeOf(page.deltaLink) };
  } catch (error) {
    if (error instanceof ServiceFailure && saysNotTracked.test(error.refusal.message)) {
      throw notTracked(entitySetName, error);
    }
    throw error;
  }
}

/** The service's words for a table that does not track its changes; whoever reads asks nobody else's code. */
const saysNotTracked = /change tracking/i;

const notTracked = (entitySetName: string, cause?: unknown): TerminalError =>
  new TerminalError(
    `Dataverse does not track the changes of ${entitySetName}: switch "Track changes" on in the table's properties.`,
    { cause },
  );

/** The time in a delta token, `<version>!MM/dd/yyyy HH:mm:ss`. */
function deltaTimeOf(link: string | undefined): { readonly deltaAt?: number } {
  const token = new URLSearchParams(/\?(.*)$/s.exec(link ?? '')?.[1]).get('$deltatoken') ?? '';
  const [, month, day, year, time] = /!(\d{2})\/(\d{2})\/(\d{4}) (\d{2}:\d{2}:\d{2})$/.exec(token) ?? [];
  const deltaAt = Date.parse(`${year}-${month}-${day}T${time}Z`);
  return Number.isNaN(deltaAt) ? {} : { deltaAt };
}

function toChangePage(body: Readonly<Record<string, unknown>>, entitySetName: string): ChangePage {
  const rows: Row[] = [];
  const deleted: string[] = [];
  for (const entry of listAt(body, 'value')) {
    // A deleted entry has `id` and `reason` and a context of its own; a row has neither a reason nor a context.
    const context = stringAt(entry, '@odata.context');
    if (context?.endsWith('$deletedEntity')) deleted.push(String(entry.id).toLowerCase());
    else rows.push(entry);
  }
  const nextLink = stringAt(body, '@odata.nextLink');
  const deltaLink = stringAt(body, '@odata.deltaLink');
  if (!nextLink && !deltaLink) {
    throw notTracked(entitySetName);
  }
  return { rows, deleted, nextLink, deltaLink };
}
