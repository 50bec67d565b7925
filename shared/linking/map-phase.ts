import { z } from 'zod';
import { readKeyRings } from '../customer-insights/map-lookup.ts';
import { type MapEntry, readMapRow, type UnusableMapRow } from '../customer-insights/map-row.ts';
import { drain, nextWatermark, takeNextWatermark } from '../passes/drain.ts';
import { endInPage, withoutWritten } from '../passes/page-counters.ts';
import { rememberPendingRows } from '../passes/pending-phase.ts';
import type { Watermark } from '../state/link-states.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import { type LinkReport, linkRows, type RowsRead, readRows, readsLinks, withApart } from './link-rows.ts';
import { inPhase, type LinkingSlice, walkBegins } from './linking-pass.ts';
import { type MapPage, openMapFeed } from './map-feed.ts';

/** Drains the map feed from the old watermark to the present. */
export async function drainMap(slice: LinkingSlice): Promise<void> {
  const { parts, context } = slice;
  const feed = openMapFeed(slice.pass.feed, parts.dataverse, context, parts.options.pageSize);
  await takeNextWatermark(slice, feed, watermarkOf(slice));
  const known = await rememberPendingRows(slice);
  await drain(slice, feed, {
    since: () => slice.state.watermark?.token,
    prepare: (page, before) => preparePage(slice, page, before),
    handle: (page) => linkPage(slice, page, known),
    inFull: () => ({ orphansDue: slice.pass.orphansDue ?? 'a full pass' }),
  });
}

/** What watermarks of the map are held against. */
const watermarkOf = ({ pass }: LinkingSlice) => ({ profileSchema: pass.profileSchema });

/** Fingerprint of the profile table's columns when a watermark was taken. */
export const profileSchemaOf = (watermark: Watermark): string | undefined =>
  z.object({ profileSchema: z.string() }).safeParse(watermark).data?.profileSchema;

/** A page, and what was read for it while the one before was written. */
interface PreparedPage extends MapPage {
  readonly rowsRead?: RowsRead;
}

/**
 * Reads what a page needs ahead of its turn, unless it names a row that is being written: how that one stands, only
 * the end of the page before will tell.
 */
async function preparePage(slice: LinkingSlice, page: PreparedPage, before: MapPage): Promise<PreparedPage> {
  // Which rows they are about is not known yet.
  if (page.unusable.length > 0 || before.unusable.length > 0) return page;
  // A slice that stops in the page before never gets here: when its turn comes, nobody has tried this one.
  const unlinked = cannotBeLinked(slice, true);
  if (readsLinks(slice, unlinked) && shareRow(page, before)) return page;
  return { ...page, rowsRead: await readRows(slice, page.entries, unlinked) };
}

/** Whether two pages name the same row. */
function shareRow(page: MapPage, other: MapPage): boolean {
  const ids = new Set(other.entries.map(({ sourceId }) => sourceId));
  return page.entries.some(({ sourceId }) => ids.has(sourceId));
}

/**
 * Right after the column was made no row has a link, unless an earlier slice already tried this very page. What an earlier
 * page linked may be written over only where the pages come in the order of the map's changes: the later says the newer.
 */
const cannotBeLinked = ({ pass, isRehearsal }: LinkingSlice, isNextUntried: boolean): boolean =>
  pass.columnCreated && pass.feed === 'changeTracking' && isNextUntried && !isRehearsal;

async function linkPage(
  slice: LinkingSlice,
  page: PreparedPage,
  known: ReadonlyMap<string, PendingRow>,
): Promise<void> {
  const pass = inPhase(slice, 'map');
  const { entries, unusable } = await readEntries(slice, page);
  const rowsRead = page.rowsRead ?? (await readRows(slice, entries, cannotBeLinked(slice, slice.isNextUntried)));
  const report = await linkRows(slice, entries, rowsRead);
  await slice.record({ ...report, ...withUnusable(slice, report, unusable) }, known);

  if (report.isPartial) await endInPage(slice, pass, report);
  const counters = {
    ...withoutWritten(report.counters, pass),
    failed: report.counters.failed + unusable.length,
  };
  counters.read += unusable.length;
  const next =
    page.token === undefined
      ? {}
      : { next: nextWatermark(pass, { token: page.token, takenAt: pass.startedAt }, watermarkOf(slice)) };
  await slice.checkpoint({
    // After the last page the phase is over; its cursor is of no more use.
    ...(page.cursor === undefined ? walkBegins : { cursor: page.cursor, writtenOfPage: 0 }),
    ...next,
    ...(page.deletions > 0 ? { orphansDue: pass.orphansDue ?? 'rows left the map' } : {}),
    conflicts: pass.conflicts + report.conflicts,
    ...withApart(pass, report),
    newestChange: Math.max(pass.newestChange, page.newestChange),
    counters: slice.add(counters),
  });
  slice.isNextUntried = true;
}

/** The entries of a page, with those that only the key ring of a row gives; and what stays unusable. */
async function readEntries(
  { parts, context, signal }: LinkingSlice,
  { entries, unusable }: MapPage,
): Promise<{ entries: readonly MapEntry[]; unusable: readonly UnusableMapRow[] }> {
  if (unusable.length === 0) return { entries, unusable };
  // The key ring may still name the key; it is large, so it is read for these alone.
  const ids = unusable.map(({ mapRowId }) => mapRowId);
  const rings = await readKeyRings(parts.dataverse, context, ids, signal);
  const readings = rings.map((row) => readMapRow(row, context.source));
  const more = readings.filter((reading) => reading.kind === 'entry').map(({ entry }) => entry);
  return {
    entries: [...entries, ...more],
    unusable: readings.filter((reading) => reading.kind === 'unusable'),
  };
}

/** Map rows without a usable key are kept as pending under their own id, so that they are reported and tried again. */
function withUnusable(
  slice: LinkingSlice,
  report: LinkReport,
  unusable: readonly UnusableMapRow[],
): Pick<LinkReport, 'keep' | 'outcomes'> {
  const at = slice.now();
  const pending = unusable.map(
    ({ mapRowId, reason }): PendingRow => ({
      id: mapRowId,
      mapRowId,
      cause: 'failed',
      reason,
      firstTriedAt: at,
      lastTriedAt: at,
      runId: slice.pass.runId,
    }),
  );
  const outcomes = unusable.map(
    ({ mapRowId, reason }): RowOutcome => ({ id: mapRowId, outcome: 'failed', at, reason }),
  );
  return { keep: [...report.keep, ...pending], outcomes: [...report.outcomes, ...outcomes] };
}
