import { type Counters, noRows } from '../contracts/counters.ts';
import type { ListRequest, RowUpdate, UpdateReport } from '../dataverse/dataverse.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import { type CurrentLink, type Decision, decide } from './compare.ts';
import { normaliseGuid } from './guid.ts';
import { type ArrivedProfiles, arrivedProfiles, profileLists } from './map-lookup.ts';
import { type MapEntry, onePerSource } from './map-row.ts';
import { linkColumn, linkValue, profileCustomerId } from './names.ts';
import { type Parts, timeOf } from './parts.ts';
import type { TableContext } from './prepare.ts';

/** What became of a set of rows. */
export interface RowsReport {
  readonly counters: Counters;
  readonly outcomes: readonly RowOutcome[];
  /** Rows to keep as pending, and ids of rows that are so no longer. */
  readonly keep: readonly PendingRow[];
  readonly settled: readonly string[];
  /** The signal was aborted before every row was sent. */
  readonly isPartial: boolean;
}

export interface RowsRequest {
  readonly entries: readonly MapEntry[];
  /** The rows cannot have a link yet: their current links need not be read. */
  readonly cannotBeLinked: boolean;
  /** Compare and report as if written, and write nothing. */
  readonly isRehearsal: boolean;
  /** Stops reading at once. */
  readonly signal: AbortSignal;
  /** Stops sending further writes. */
  readonly writeSignal: AbortSignal;
}

/** Brings the links of the entries' source rows up to date: resolves, compares, writes what differs, reports each row. */
export async function linkRows(parts: Parts, context: TableContext, request: RowsRequest): Promise<RowsReport> {
  if (request.entries.length === 0) return { counters: noRows, outcomes: [], keep: [], settled: [], isPartial: false };
  const { profiles, currentLink } = await readRows(parts, context, request);
  const entries = onePerSource(request.entries, (entry) => profiles.of(entry) !== undefined);
  const decisions = entries.map((entry) => decide(entry, profiles.of(entry), currentLink(entry.sourceId)));

  const writes = decisions.filter((decision) => decision.kind === 'link' || decision.kind === 'relink');
  const previousCustomers = readPreviousCustomers(parts, context, writes, profiles, request.signal);
  // Should it fail, that is told after the writes are through: nothing may be under way when this slice ends.
  previousCustomers.catch(() => undefined);
  const report = await writeLinks(parts, context, writes, request);
  return account(parts, context, decisions, report, await previousCustomers);
}

/** Profiles and current links, in one request. */
async function readRows(
  parts: Parts,
  context: TableContext,
  { entries, cannotBeLinked, signal }: RowsRequest,
): Promise<{ profiles: ArrivedProfiles; currentLink: (sourceId: string) => CurrentLink }> {
  const ids = [...new Set(entries.map(({ sourceId }) => sourceId))];
  const current: ListRequest = {
    entitySetName: context.table.entitySetName,
    // A rehearsal may come before the column: then no row can have a link, only its existence is asked.
    select: [context.link === undefined ? context.table.primaryId : linkValue],
    column: context.table.primaryId,
    values: ids,
  };
  const lists = [...profileLists(context, entries), ...(cannotBeLinked ? [] : [current])];
  const [byId = [], byCustomer = [], rows = []] = await parts.dataverse.readLists(lists, signal);
  const links = new Map<string, CurrentLink>();
  for (const row of rows) {
    const id = normaliseGuid(String(row[context.table.primaryId] ?? ''));
    if (id !== undefined) links.set(id, { profileId: normaliseGuid(String(row[linkValue] ?? '')) });
  }
  return {
    profiles: arrivedProfiles(context, [...byId, ...byCustomer]),
    currentLink: (sourceId) => (cannotBeLinked ? { profileId: undefined } : links.get(sourceId)),
  };
}

type Write = Extract<Decision, { kind: 'link' | 'relink' }>;

async function writeLinks(
  parts: Parts,
  context: TableContext,
  writes: readonly Write[],
  request: RowsRequest,
): Promise<UpdateReport> {
  const rows = writes.map(({ entry, profileId }) => linkUpdate(context, entry.sourceId, profileId));
  if (request.isRehearsal || rows.length === 0) {
    return { written: rows.map(({ id }) => id), gone: [], failed: [], unsent: [] };
  }
  return parts.dataverse.update({
    table: context.table,
    rows,
    warmUp: context.columnCreated,
    signal: request.writeSignal,
  });
}

/** The update that sets a row's link, or clears it. */
export function linkUpdate(context: TableContext, id: string, profileId: string | undefined): RowUpdate {
  const navigationProperty = context.link?.navigationProperty ?? linkColumn;
  // Clearing by `@odata.bind: null` is refused inside `$batch`; the bare navigation property is not.
  if (profileId === undefined) return { id, values: { [navigationProperty]: null } };
  return { id, values: { [`${navigationProperty}@odata.bind`]: `/${context.profile.entitySetName}(${profileId})` } };
}

/** CustomerIds of the profiles that rows move away from, where those profiles still exist. */
async function readPreviousCustomers(
  parts: Parts,
  context: TableContext,
  writes: readonly Write[],
  profiles: ArrivedProfiles,
  signal: AbortSignal,
): Promise<(profileId: string) => string | undefined> {
  const unknown = new Set<string>();
  for (const write of writes) {
    if (write.kind === 'relink' && profiles.customerOf(write.previousProfileId) === undefined)
      unknown.add(write.previousProfileId);
  }
  if (unknown.size === 0) return profiles.customerOf;
  const [rows = []] = await parts.dataverse.readLists(
    [
      {
        entitySetName: context.profile.entitySetName,
        select: [profileCustomerId],
        column: context.profile.primaryId,
        values: [...unknown],
      },
    ],
    signal,
  );
  const previous = arrivedProfiles(context, rows);
  return (profileId) => profiles.customerOf(profileId) ?? previous.customerOf(profileId);
}

/** Turns decisions and the writer's report into counts, outcomes and pending rows. */
function account(
  parts: Parts,
  context: TableContext,
  decisions: readonly Decision[],
  report: UpdateReport,
  customerOf: (profileId: string) => string | undefined,
): RowsReport {
  const at = timeOf(parts.now());
  const gone = new Set(report.gone);
  const failures = new Map(report.failed.map((failure) => [failure.id, failure]));
  const unsent = new Set(report.unsent);
  const counters = { ...noRows };
  const outcomes: RowOutcome[] = [];
  const keep: PendingRow[] = [];
  const settled: string[] = [];
  const pend = (entry: MapEntry, cause: PendingRow['cause'], reason: string) => {
    counters[cause]++;
    keep.push({ id: entry.sourceId, mapRowId: entry.mapRowId, cause, reason, firstTriedAt: at, lastTriedAt: at });
    outcomes.push({ id: entry.sourceId, outcome: cause, at, reason, customerId: entry.customerId });
  };

  for (const decision of decisions) {
    const { entry } = decision;
    if (unsent.has(entry.sourceId)) continue;
    counters.read++;
    const failure = failures.get(entry.sourceId);
    if (failure !== undefined) {
      pend(entry, 'failed', `Dataverse refused the row${failure.code ? ` (${failure.code})` : ''}: ${failure.message}`);
    } else if (decision.kind === 'waiting') {
      pend(entry, 'waiting', 'The profile has not arrived in Dataverse yet.');
    } else if (decision.kind === 'gone' || gone.has(entry.sourceId)) {
      counters.gone++;
      settled.push(entry.sourceId);
      outcomes.push({
        id: entry.sourceId,
        outcome: 'gone',
        at,
        reason: `${context.table.logicalName} has no such row any more.`,
        customerId: entry.customerId,
      });
    } else {
      settled.push(entry.sourceId);
      if (decision.kind === 'unchanged') counters.unchanged++;
      else if (decision.kind === 'link') counters.linked++;
      else {
        counters.relinked++;
        outcomes.push({
          id: entry.sourceId,
          outcome: 'relinked',
          at,
          previousProfileId: decision.previousProfileId,
          previousCustomerId: customerOf(decision.previousProfileId),
          profileId: decision.profileId,
          customerId: entry.customerId,
        });
      }
    }
  }
  return { counters, outcomes, keep, settled, isPartial: unsent.size > 0 };
}
