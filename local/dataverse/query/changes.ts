import type { RequestContext } from '../context.ts';
import { badRequest, DataverseError, expiredVersionStamp } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import type { DataverseResponse } from '../request.ts';
import { json } from '../response.ts';
import { type DeltaToken, readDeltaToken, writeDeltaToken } from './delta-token.ts';
import { contextUrl, MOST_ROWS, nextLink } from './page-links.ts';
import { type PagingCookie, readSkipToken, writeSkipToken } from './paging-cookie.ts';
import { projection } from './projection.ts';
import { queryWithout } from './query-options.ts';

const DAY_MS = 86_400_000;

/**
 * Where a read of changes stands. The delta link at its end carries the version of the *first* request, so that whatever
 * changes while pages are read comes again in the next delta: twice perhaps, but never not at all.
 */
interface Drain {
  readonly isDelta: boolean;
  /** Changes after this version are told. */
  readonly since: number;
  /** Version and time of the first request: the token of the delta link. */
  readonly begun: DeltaToken;
  /** Rows up to this version have been told. */
  readonly toldRows: number;
  /** Deletions up to this version have been told. */
  readonly toldDeletions: number;
  readonly pageNumber: number;
}

/** Whether the request reads changes rather than rows. */
export function isChangeRead(context: RequestContext): boolean {
  const { values } = context.options;
  if (context.preferences.trackChanges || values.has('$deltatoken')) return true;
  return values.get('$skiptoken')?.includes('istracking="True"') ?? false;
}

/** Answers a full pass (`Prefer: odata.track-changes`), a delta link, or one of their further pages. */
export function readChanges(context: RequestContext, table: Table): DataverseResponse {
  const { options, preferences } = context;
  refuseWhileTracking(context, table);
  const drain = beginOrContinue(context, table);
  const select = options.values.get('$select');
  const show = projection(context, table, select, undefined);
  const size = Math.min(preferences.maxPageSize ?? MOST_ROWS, MOST_ROWS);

  const { rows } = table;
  const value: unknown[] = [];
  let { toldRows, toldDeletions } = drain;
  let hasMore = false;
  for (let i = rows.changes.after(toldRows); i < rows.changes.length; i++) {
    const version = rows.changes.versionAt(i);
    const slot = rows.changes.slotAt(i);
    if (!rows.isCurrent(version, slot)) continue;
    if (value.length === size) {
      hasMore = true;
      break;
    }
    value.push(show(slot));
    toldRows = version;
  }
  if (drain.isDelta && !hasMore) {
    for (const deletion of deletionsAfter(table, toldDeletions)) {
      if (value.length === size) {
        hasMore = true;
        break;
      }
      toldDeletions = deletion.version;
      const deletedContext = `${context.apiRoot}/$metadata#${table.identity.entitySetName}/$deletedEntity`;
      value.push({ '@odata.context': deletedContext, id: deletion.id, reason: 'deleted' });
    }
  }
  context.cost.rowsRead += value.length;

  const answer: Record<string, unknown> = {
    '@odata.context': `${contextUrl(context, table, select)}${drain.isDelta ? '/$delta' : ''}`,
  };
  if (hasMore) {
    const token = writeSkipToken(cookieOf({ ...drain, toldRows, toldDeletions, pageNumber: drain.pageNumber + 1 }));
    answer['@odata.nextLink'] = nextLink(context, token, '$deltatoken');
  } else {
    const query = queryWithout(options.raw, '$skiptoken', '$deltatoken');
    const link = `${context.apiRoot}/${context.path}?${query === '' ? '' : `${query}&`}`;
    answer['@odata.deltaLink'] = `${link}$deltatoken=${writeDeltaToken(drain.begun)}`;
  }
  answer.value = value;
  const applied = [
    ...(preferences.trackChanges ? ['odata.track-changes'] : []),
    ...(preferences.maxPageSize === undefined ? [] : [`odata.maxpagesize=${preferences.maxPageSize}`]),
  ];
  return json(answer, applied.length > 0 ? { 'Preference-Applied': applied.join(',') } : {});
}

/** Number of changes that a delta link would tell, for `/$count?$deltatoken=…`. */
export function countChanges(context: RequestContext, table: Table): number {
  refuseWhileTracking(context, table);
  const { since } = beginOrContinue(context, table);
  const { changes } = table.rows;
  let count = [...deletionsAfter(table, since)].length;
  for (let i = changes.after(since); i < changes.length; i++) {
    if (table.rows.isCurrent(changes.versionAt(i), changes.slotAt(i))) count++;
  }
  return count;
}

function refuseWhileTracking(context: RequestContext, table: Table): void {
  for (const name of ['filter', 'orderby', 'expand', 'top']) {
    if (context.options.values.has(`$${name}`)) {
      throw badRequest(`The "$${name}" query parameter isn't supported when Change Tracking is enabled.`);
    }
  }
  if (!table.changeTracking) {
    throw new DataverseError(400, '0x80040203', `Entity: ${table.name} isn't enabled for change tracking.`);
  }
  context.caller.demandOrganisationRead(table);
}

function beginOrContinue(context: RequestContext, table: Table): Drain {
  const { values } = context.options;
  const skipToken = values.get('$skiptoken');
  if (skipToken !== undefined) return drainOf(readSkipToken(skipToken));
  const begun = { version: context.organisation.version, at: context.organisation.now() };
  const text = values.get('$deltatoken');
  if (text === undefined) return { isDelta: false, since: 0, begun, toldRows: 0, toldDeletions: 0, pageNumber: 1 };
  const token = readDeltaToken(text);
  if (!token || isExpired(context, table, token)) throw expiredVersionStamp();
  const since = token.version;
  return { isDelta: true, since, begun, toldRows: since, toldDeletions: since, pageNumber: 1 };
}

function isExpired(context: RequestContext, table: Table, token: DeltaToken): boolean {
  const { organisation } = context;
  const settings = organisation.builtIn('organization');
  const slot = settings.rows.find(organisation.id);
  const days = slot === undefined ? 7 : Number(settings.cell(slot, 'expirechangetrackingindays') ?? 7);
  const age = organisation.now() - token.at;
  return age > days * DAY_MS || token.version < table.definedAt || token.version > organisation.version;
}

/** Deletions after a version, without rows that have come back under their old id. */
function* deletionsAfter(table: Table, version: number) {
  const { deletions } = table.rows;
  let low = 0;
  let high = deletions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((deletions[middle]?.version ?? 0) <= version) low = middle + 1;
    else high = middle;
  }
  const told = new Set<string>();
  for (let i = low; i < deletions.length; i++) {
    const deletion = deletions[i];
    if (!deletion || told.has(deletion.id) || table.rows.findAll(deletion.id).length > 0) continue;
    told.add(deletion.id);
    yield deletion;
  }
}

const cookieOf = (drain: Drain): PagingCookie => ({
  pageNumber: drain.pageNumber,
  isTracking: true,
  last: [
    ['versionnumber', String(drain.toldRows)],
    ['deletedversion', String(drain.toldDeletions)],
    ['sinceversion', drain.isDelta ? String(drain.since) : ''],
    ['beganversion', String(drain.begun.version)],
    ['beganat', String(drain.begun.at)],
  ],
  first: [],
});

function drainOf(cookie: PagingCookie): Drain {
  const values = new Map(cookie.last);
  const number = (name: string) => Number(values.get(name));
  const drain = {
    isDelta: values.get('sinceversion') !== '',
    since: number('sinceversion'),
    begun: { version: number('beganversion'), at: number('beganat') },
    toldRows: number('versionnumber'),
    toldDeletions: number('deletedversion'),
    pageNumber: cookie.pageNumber,
  };
  if (Number.isNaN(drain.toldRows + drain.toldDeletions + drain.begun.version + drain.begun.at))
    throw expiredVersionStamp();
  return drain;
}
