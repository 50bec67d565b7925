import { z } from 'zod';
import { addCounters } from '../contracts/counters.ts';
import { readKeyRings } from '../customer-insights/map-lookup.ts';
import { type MapEntry, readMapRow, type UnusableMapRow } from '../customer-insights/map-row.ts';
import { endInPage, withoutWritten } from '../passes/page-counters.ts';
import { rememberPendingRows } from '../passes/pending-phase.ts';
import { nextWatermark, readFeed, takeNextWatermark } from '../passes/read-feed.ts';
import type { Watermark } from '../state/link-states.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import { type LinkReport, linkRows, withAcrossUnits } from './link-rows.ts';
import { inPhase, type LinkingSlice } from './linking-pass.ts';
import { type MapPage, openMapFeed } from './map-feed.ts';
import { type RowsRead, readRows } from './read-rows.ts';
import { reconcileRows } from './reconcile-rows.ts';
import { watermarkOfSchema } from './watermark-of.ts';

/** Reads the map feed from the old watermark to the present. */
export async function readMapFeed(slice: LinkingSlice): Promise<void> {
  const { parts, context } = slice;
  const feed = openMapFeed(slice.pass.feed, parts.dataverse, context, parts.options.pageSize);
  await takeNextWatermark(slice, feed, heldAgainst(slice));
  const known = await rememberPendingRows(slice);
  await readFeed(slice, feed, {
    since: () => slice.state.watermark?.token,
    prepare: (page, before) => preparePage(slice, page, before),
    handle: (page) => linkPage(slice, page, known),
    inFull: () => ({ orphansDue: slice.pass.orphansDue ?? 'a full pass' }),
  });
}

/** What watermarks of the map are held against, and where the profiles' changes are read on from with them. */
const heldAgainst = ({ pass: { profileSchema, of, profiles } }: LinkingSlice) => ({
  profileSchema,
  of,
  ...(profiles === undefined ? {} : { profiles }),
});

const ownSchema = z.object({
  profileSchema: z.string().optional(),
  of: watermarkOfSchema.optional(),
  profiles: z.string().optional(),
});

/** What a watermark was taken of, the fingerprint of the profile table's columns then, and the profiles' own token. */
export const takenOf = (watermark: Watermark): Partial<z.infer<typeof ownSchema>> =>
  ownSchema.safeParse(watermark).data ?? {};

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
  if (shareRow(page, before)) return page;
  return { ...page, rowsRead: await readRows(slice, page.entries) };
}

/** Whether two pages name the same row. */
function shareRow(page: MapPage, other: MapPage): boolean {
  const ids = new Set(other.entries.map(({ sourceId }) => sourceId));
  return page.entries.some(({ sourceId }) => ids.has(sourceId));
}

async function linkPage(
  slice: LinkingSlice,
  page: PreparedPage,
  known: ReadonlyMap<string, PendingRow>,
): Promise<void> {
  const pass = inPhase(slice, 'map');
  const { entries, unusable } = await readEntries(slice, page);
  const { left, noted } = await indexPage(slice, { ...page, entries, unusable });
  const rowsRead = page.rowsRead ?? (await readRows(slice, entries));
  // Whatever link a row has in a new column, this pass has just made it, of an older map row on a page before.
  const mayMove = () => pass.columnCreated;
  const report = await linkRows(slice, entries, rowsRead, { mayMove });
  await slice.record({ ...report, ...withUnusable(slice, report, unusable) }, known);

  await noted;
  if (report.isPartial) await endInPage(slice, pass, report);
  slice.grantTimeAgain();
  const ofLeft = await reconcileRows(slice, left);
  await slice.record(ofLeft, known);
  if (ofLeft.isPartial)
    await endInPage(slice, pass, { ...ofLeft, counters: addCounters(report.counters, ofLeft.counters) });
  const counters = {
    ...addCounters(withoutWritten(report.counters, pass), { ...ofLeft.counters, read: 0, unchanged: 0 }),
  };
  counters.failed += unusable.length;
  counters.read += unusable.length;
  const next =
    page.token === undefined
      ? {}
      : { next: nextWatermark(pass, { token: page.token, takenAt: pass.startedAt }, heldAgainst(slice)) };
  await slice.checkpoint({
    // After the last page the phase is over; its cursor is of no more use.
    ...(page.cursor === undefined
      ? { phase: 'touched' as const, cursor: undefined }
      : { cursor: page.cursor, writtenOfPage: 0 }),
    ...next,
    ...(page.isQuiet ? {} : { mapChanged: true }),
    ...(page.mayMissDeletions
      ? { orphansDue: pass.orphansDue ?? 'map rows may have gone while the map was read' }
      : {}),
    conflicts: pass.conflicts + report.conflicts + ofLeft.conflicts,
    ...withAcrossUnits(pass, { acrossUnits: [...report.acrossUnits, ...ofLeft.acrossUnits] }),
    newestChange: Math.max(pass.newestChange, page.newestChange),
    counters: slice.add(counters),
  });
}

/**
 * Notes which rows a page's map rows name; returns the rows that a map row named before and names no longer, since it is
 * gone or names another. A rehearsal notes nothing.
 */
async function indexPage(
  slice: LinkingSlice,
  { entries, unusable, deleted }: MapPage,
): Promise<{ readonly left: readonly string[]; readonly noted: Promise<void> }> {
  const { parts, stateKey, pass } = slice;
  // A pass that reads the whole map looks at every linked row besides.
  const changed = pass.full ? [] : [...entries, ...unusable].map(({ mapRowId }) => mapRowId);
  const before = await parts.mapIndex.sourcesOf(stateKey.table, [...changed, ...deleted]);
  const now = new Map(entries.map(({ mapRowId, sourceId }) => [mapRowId, sourceId]));
  const unknown = entries
    .filter(({ mapRowId, sourceId, isHidden }) => isHidden || before.get(mapRowId) !== sourceId)
    .map(({ mapRowId, sourceId, isHidden = false }) => ({ mapRowId, sourceId, isHidden }));
  const noted = slice.isRehearsal ? Promise.resolve() : parts.mapIndex.note(stateKey.table, unknown);
  // Who looks a row of this very page up must find the hidden ones; the others are noted while the page is written.
  if (unknown.some(({ isHidden }) => isHidden)) await noted;
  noted.catch(() => undefined);
  const left = [...before].filter(([mapRowId, sourceId]) => now.get(mapRowId) !== sourceId);
  return { left: left.map(([, sourceId]) => sourceId), noted };
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
