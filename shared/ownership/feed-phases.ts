import { guidAt } from '../customer-insights/guid.ts';
import type { ChangeFeed, FeedPage } from '../dataverse/change-feed.ts';
import type { ListRequest, Row } from '../dataverse/dataverse.ts';
import { openFeed } from '../dataverse/open-feed.ts';
import { endInPage, withoutWritten } from '../passes/page-counters.ts';
import { rememberPendingRows } from '../passes/pending-phase.ts';
import { isReading } from '../passes/phases.ts';
import { nextWatermark, readFeed, takeNextWatermark } from '../passes/read-feed.ts';
import type { Change } from '../passes/slice.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import { assignOwners } from './assign-owners.ts';
import { customerIdColumn } from './names.ts';
import type { OwnedRow } from './owned-row.ts';
import type { OwnershipSlice } from './ownership-context.ts';
import { type OwnershipPass, ownWatermark, rowsBegin } from './ownership-pass.ts';
import { ownedColumns, wantedOwners } from './wanted-owners.ts';

/** Values without a team that a task's details name. */
const valuesShown = 3;
/** Teams whose rows a rehearsal counts by themselves, and the name under which those of all others are counted. */
const teamsCounted = 500;
export const otherTeams = 'others';
/** Characters of such a value that are shown; a column of text may hold a million. */
const valueLength = 100;
/** Profiles whose rows are seen to at once; a profile may have hundreds. */
const profilesAtOnce = 1_000;

/** Reads the table's own feed: rows that came or changed since the watermark. */
export async function readOwnFeed(slice: OwnershipSlice): Promise<void> {
  const { parts, context } = slice;
  const { entitySetName } = context.table;
  const source = { entitySetName, select: ownedColumns(context) };
  const feed = openFeed(slice.pass.feed, parts.dataverse, source, parts.options.pageSize);
  await takeNextWatermark(slice, feed, ownOf(slice));
  const known = await rememberPendingRows(slice);
  await readFeed(slice, feed, {
    since: () => slice.state.watermark?.token,
    handle: (page) => {
      const isLast = page.cursor === undefined;
      return assignPage(slice, page.rows, known, {
        ...(isLast ? { phase: 'others' as const } : { cursor: page.cursor, writtenOfPage: 0 }),
        ...(page.token === undefined ? {} : { next: nextOf(slice, page.token) }),
      });
    },
  });
}

const ownOf = ({ pass: { mapping, nextProfiles } }: OwnershipSlice) => ({ mapping, profiles: nextProfiles });

const nextOf = (slice: OwnershipSlice, token: string) =>
  nextWatermark(slice.pass, { token, takenAt: slice.pass.startedAt }, ownOf(slice));

/** Reads the profiles' feed: a profile that moved to another unit takes its rows along, though they did not change. */
export async function readProfilesFeed(slice: OwnershipSlice): Promise<void> {
  const { parts, context } = slice;
  if (context.profiles === undefined) return slice.checkpoint(rowsBegin);
  const source = { entitySetName: context.profile.entitySetName, select: [customerIdColumn] };
  const feed = openFeed(
    context.profiles.feed,
    parts.dataverse,
    source,
    // Where only the position is wanted, no rows are read with the page.
    slice.pass.full ? parts.options.pageSize : Math.min(parts.options.pageSize, profilesAtOnce),
  );
  await takeNextPosition(slice, feed);
  // Where every row is read anyway, the profiles are read only for the position that their feed tells at its end.
  if (slice.pass.full && slice.pass.nextProfiles !== undefined) {
    return slice.checkpoint(rowsBegin);
  }
  const known = await rememberPendingRows(slice);
  await readFeed(slice, feed, {
    since: () => ownWatermark(slice.state.watermark)?.profiles?.token,
    handle: async (page) => {
      const rows = slice.pass.full ? [] : await rowsOfProfiles(slice, page);
      await assignPage(slice, rows, known, {
        ...(page.cursor === undefined ? rowsBegin : { cursor: page.cursor, writtenOfPage: 0 }),
        ...(page.token === undefined ? {} : positionAt(feed, page.token)),
      });
    },
  });
}

async function takeNextPosition(slice: OwnershipSlice, feed: ChangeFeed): Promise<void> {
  if (slice.pass.nextProfiles !== undefined) return;
  const before = ownWatermark(slice.state.watermark)?.profiles;
  const token = await feed.open(before?.feed === feed.kind ? before.token : undefined, slice.signal);
  if (token !== undefined) await slice.checkpoint(positionAt(feed, token));
}

const positionAt = ({ kind: feed }: ChangeFeed, token: string) => ({ nextProfiles: { feed, token } });

/** The table's rows that follow the profiles of a page. */
async function rowsOfProfiles(
  { parts, context, signal }: OwnershipSlice,
  { rows: profiles }: FeedPage,
): Promise<readonly Row[]> {
  const { table, profile, profiles: following } = context;
  if (following === undefined) return [];
  const { lookup, hasCustomerId } = following.reference;
  const ids = profiles.map((row) => guidAt(row, profile.primaryId)).filter((id) => id !== undefined);
  const customers = profiles.map((row) => String(row[customerIdColumn] ?? '').trim()).filter((id) => id !== '');
  const list = { entitySetName: table.entitySetName, select: ownedColumns(context) };
  const byLookup: ListRequest[] = lookup === undefined ? [] : [{ ...list, column: lookup, values: ids }];
  // A row that names the customer alone follows the profile all the same.
  const filter = lookup === undefined ? undefined : `_${lookup}_value eq null`;
  const byCustomer: ListRequest[] = hasCustomerId
    ? [{ ...list, column: customerIdColumn, values: customers, filter }]
    : [];
  return (await parts.dataverse.readLists([...byLookup, ...byCustomer], signal)).flat();
}

/** Sees to the owners of a page of rows, and moves the pass on. */
async function assignPage(
  slice: OwnershipSlice,
  rows: readonly Row[],
  known: ReadonlyMap<string, PendingRow>,
  move: Change<OwnershipPass>,
): Promise<void> {
  const { pass } = slice;
  if (!isReading(pass)) throw new Error(`No page is read in phase ${pass.phase}.`);
  const owned = await wantedOwners(slice, rows);
  const report = await assignOwners(slice, owned);
  await slice.record(report, known);
  if (report.isPartial) await endInPage(slice, pass, report);
  await slice.checkpoint({
    ...move,
    newestChange: Math.max(pass.newestChange, newestOf(pass, owned)),
    ...tally(slice, rows, owned),
    counters: slice.add(withoutWritten(report.counters, pass)),
  });
  slice.isNextUntried = true;
}

/**
 * The newest change that called for work, in milliseconds. What was written here comes back as a change itself, with the
 * right owner: counted, it would make every pass look as if the table were still growing.
 */
function newestOf({ lostSliceAt }: Pick<OwnershipPass, 'lostSliceAt'>, rows: readonly OwnedRow[]): number {
  const isWork = ({ wanted, ownerId }: OwnedRow) =>
    lostSliceAt !== undefined || wanted === 'waiting' || (wanted !== 'nobody' && wanted.id !== ownerId);
  return rows.filter(isWork).reduce((newest, { changedAt }) => Math.max(newest, changedAt), 0);
}

/** Numbers per team for a rehearsal, and the profiles that no team is there for. */
function tally(
  { pass, context: { mapping, profiles }, isRehearsal }: OwnershipSlice,
  rows: readonly Row[],
  owned: readonly OwnedRow[],
): Pick<OwnershipPass, 'teams' | 'unmatched' | 'unmatchedValues'> {
  const teams = { ...pass.teams };
  if (isRehearsal) {
    for (const { wanted, ownerId } of owned) {
      if (typeof wanted !== 'object') continue;
      // A state has its limits; rows of further teams are told together.
      const key = wanted.id in teams || Object.keys(teams).length < teamsCounted ? wanted.id : otherTeams;
      const { rows: all, moved } = teams[key] ?? { rows: 0, moved: 0 };
      teams[key] = { rows: all + 1, moved: moved + (wanted.id === ownerId ? 0 : 1) };
    }
  }
  const unmatched =
    profiles === undefined ? rows.map((row) => row[mapping.column]).filter((value) => mapping.isUnmatched(value)) : [];
  const values = new Set([...pass.unmatchedValues, ...unmatched.map((value) => String(value).slice(0, valueLength))]);
  return {
    teams,
    unmatched: pass.unmatched + unmatched.length,
    unmatchedValues: [...values].slice(0, valuesShown),
  };
}
