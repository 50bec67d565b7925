import { type Counters, noRows } from '../contracts/counters.ts';
import type { Row } from '../dataverse/dataverse.ts';
import { isExpiredChangesError } from '../errors.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import { linkRows, type RowsReport } from './link-rows.ts';
import { type MapFeed, type MapPage, openMapFeed } from './map-feed.ts';
import { readKeyRings } from './map-lookup.ts';
import { type MapEntry, readMapRow } from './map-row.ts';
import { mapColumns } from './names.ts';
import type { Slice } from './slice.ts';

/** Pending rows remembered during a drain, to let go of those that it links; beyond, the next pass's retry does. */
const rememberedPendingRows = 50_000;

/**
 * Drains the map feed from the old watermark to the present: page by page, the next one read while this one is
 * written, a checkpoint after each.
 */
export async function drainMap(slice: Slice): Promise<void> {
  const { parts, context, slot } = slice;
  const feed = openMapFeed(slice.pass.feed, parts.dataverse, context, parts.options.pageSize);
  await takeNextWatermark(slice, feed);
  const known = await rememberPendingRows(slice);

  let reading = read(slice, feed, slice.pass.cursor);
  for (;;) {
    let page: MapPage;
    try {
      page = await reading;
    } catch (error) {
      if (!isExpiredChangesError(error) || (slice.pass.full && slice.pass.cursor === undefined)) throw error;
      await startOver(slice);
      reading = read(slice, feed, undefined);
      continue;
    }
    const isLast = page.cursor === undefined;
    if (!isLast) reading = read(slice, feed, page.cursor);
    await linkPage(slice, page, known);
    if (isLast) return;
    await slice.stopIfTimeIsUp();
    parts.telemetry.log('debug', 'Page linked', {
      table: slot.table,
      runId: slice.pass.runId,
      read: slice.pass.counters.read,
    });
  }
}

/** The next watermark is taken before reading, never after: what changes meanwhile is read again next time. */
async function takeNextWatermark(slice: Slice, feed: MapFeed): Promise<void> {
  const { pass } = slice;
  if (pass.next !== undefined) return;
  const { watermark } = slice.state;
  const before = watermark?.feed === pass.feed ? watermark.token : undefined;
  const token = await feed.open(before, slice.signal);
  // Change tracking tells its token with the last page; it stands for the moment the drain began.
  if (token === undefined) return;
  await slice.checkpoint({
    next: { feed: pass.feed, token, takenAt: slice.now(), profileSchema: pass.profileSchema },
  });
}

function read(slice: Slice, feed: MapFeed, cursor: string | undefined): Promise<MapPage> {
  const token = slice.pass.full ? undefined : slice.state.watermark?.token;
  const page = feed.read({ token, cursor }, slice.signal);
  // It may be read ahead and never asked for, when the slice ends: then its failure is nobody's.
  page.catch(() => undefined);
  return page;
}

/** The service no longer knows where the drain began: all map rows are read anew. */
async function startOver(slice: Slice): Promise<void> {
  const { pass } = slice;
  const { cursor: _, ...rest } = pass;
  const detail = pass.full
    ? 'The list of map changes expired while it was being read: reading starts over.'
    : 'The watermark expired: this is a full pass.';
  await slice.save({
    ...slice.state,
    pass: {
      ...rest,
      full: true,
      orphansDue: pass.orphansDue ?? 'a full pass',
      details: [...pass.details, detail],
    },
  });
}

async function rememberPendingRows(slice: Slice): Promise<Map<string, PendingRow>> {
  const known = new Map<string, PendingRow>();
  if (slice.isRehearsal) return known;
  const { pass, state } = slice;
  // Nothing was pending when the pass began, and this is its first slice: there is nothing to remember.
  if (state.pendingRows === 0 && pass.slices <= 1) return known;
  for await (const row of slice.parts.pendingRows.all(slice.slot.table)) {
    known.set(row.id, row);
    if (known.size >= rememberedPendingRows) break;
  }
  return known;
}

async function linkPage(slice: Slice, page: MapPage, known: ReadonlyMap<string, PendingRow>): Promise<void> {
  const { pass } = slice;
  const { entries, unusable, newestChange } = await readEntries(slice, page.rows);
  const report = await linkRows(slice, entries, {
    // Right after the column was made no row has a link, unless an earlier slice already tried this very page.
    cannotBeLinked: pass.columnCreated && slice.isPageUntried && !slice.isRehearsal,
  });
  await slice.record({ ...report, ...withUnusable(slice, report, unusable) }, known);

  if (report.isPartial) {
    slice.isPageUntried = false;
    const written = report.counters.linked + report.counters.relinked;
    await slice.endHere({
      carried: pass.carried + written,
      counters: slice.add({
        ...noRows,
        linked: report.counters.linked,
        relinked: report.counters.relinked,
        read: written,
      }),
    });
  }
  const counters = {
    ...withoutCarried(report.counters, pass.carried),
    failed: report.counters.failed + unusable.length,
  };
  counters.read += unusable.length;
  const next =
    page.token === undefined
      ? {}
      : { next: { feed: pass.feed, token: page.token, takenAt: pass.startedAt, profileSchema: pass.profileSchema } };
  await slice.checkpoint({
    // After the last page the phase is over; its cursor is of no more use.
    ...(page.cursor === undefined ? { phase: 'orphans' as const, cursor: undefined } : { cursor: page.cursor }),
    ...next,
    ...(page.deletions > 0 ? { orphansDue: pass.orphansDue ?? 'rows left the map' } : {}),
    carried: 0,
    conflicts: pass.conflicts + report.conflicts,
    newestChange: Math.max(pass.newestChange, newestChange),
    counters: slice.add(counters),
  });
  slice.isPageUntried = true;
}

interface Unusable {
  readonly mapRowId: string;
  readonly reason: string;
}

async function readEntries(
  slice: Slice,
  rows: readonly Row[],
): Promise<{ entries: MapEntry[]; unusable: Unusable[]; newestChange: number }> {
  const { parts, context } = slice;
  const entries: MapEntry[] = [];
  let unusable: Unusable[] = [];
  let newestChange = 0;
  for (const row of rows) {
    const reading = readMapRow(row, context.source);
    if (reading.kind === 'other') continue;
    newestChange = Math.max(newestChange, Date.parse(String(row[mapColumns.modifiedOn] ?? '')) || 0);
    if (reading.kind === 'entry') entries.push(reading.entry);
    else unusable.push(reading);
  }
  if (unusable.length > 0) {
    // The key ring may still name the key; it is large, so it is read for these alone.
    const rings = await readKeyRings(
      parts.dataverse,
      context,
      unusable.map(({ mapRowId }) => mapRowId),
      slice.signal,
    );
    const readings = rings.map((row) => readMapRow(row, context.source));
    entries.push(...readings.filter((reading) => reading.kind === 'entry').map(({ entry }) => entry));
    unusable = readings.filter((reading) => reading.kind === 'unusable');
  }
  return { entries, unusable, newestChange };
}

/** Map rows without a usable key are kept as pending under their own id, so that they are reported and tried again. */
function withUnusable(
  slice: Slice,
  report: RowsReport,
  unusable: readonly Unusable[],
): Pick<RowsReport, 'keep' | 'outcomes'> {
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

/** Rows that an earlier slice wrote and counted come back as unchanged: they are not counted twice. */
function withoutCarried(counters: Counters, carried: number): Counters {
  const again = Math.min(carried, counters.unchanged);
  return { ...counters, unchanged: counters.unchanged - again, read: counters.read - again };
}
