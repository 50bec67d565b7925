import { type Counters, noRows } from '../contracts/counters.ts';
import { entriesOf, readKeyRings } from '../customer-insights/map-lookup.ts';
import { type MapEntry, readMapRow } from '../customer-insights/map-row.ts';
import { mapColumns } from '../customer-insights/names.ts';
import { linkRows, type RowsReport, readRows, withApart } from '../linking/link-rows.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { Slice } from './slice.ts';

/** Pending rows tried at once. */
const pendingPageSize = 1000;

/** Tries some pending rows again; the report tells of each of them. */
export type TryAgain = (rows: readonly PendingRow[]) => Promise<RowsReport>;

/** Tries every pending row again. */
export async function retryPendingRows<Context>(slice: Slice<Context>, tryAgain: TryAgain): Promise<void> {
  const { parts, slot } = slice;
  for (;;) {
    await slice.stopIfTimeIsUp();
    const page = await parts.pendingRows.page(slot.table, slice.pass.cursor, pendingPageSize);
    const last = page.at(-1);
    if (last === undefined) return;

    const report = await tryAgain(page);
    await slice.record(report, new Map(page.map((row) => [row.id, row])));
    if (report.isPartial) {
      // What is still pending is tried, and counted, again by the next slice.
      await slice.endHere({ counters: slice.add(settledOnly(report)) });
    }
    await slice.checkpoint({
      cursor: last.id,
      conflicts: slice.pass.conflicts + report.conflicts,
      ...withApart(slice.pass, report),
      counters: slice.add(report.counters),
    });
  }
}

/**
 * Links pending rows by what the map gives them now. A row is let go when it is linked, when it no longer exists, or when
 * the map no longer names it.
 */
export async function linkPendingRows(slice: Slice, page: readonly PendingRow[]): Promise<RowsReport> {
  const { entries, unusable } = await rereadMap(slice, page);
  const report = await linkRows(slice, entries, await readRows(slice, entries, false));
  const named = new Set(entries.map(({ sourceId }) => sourceId));
  const unnamed = page
    .filter(({ id }) => !unusable.has(id) && !named.has(id))
    .map(({ id, mapRowId, version = 0 }) => ({ id, mapRowId, version }));
  return {
    ...report,
    settled: [...report.settled, ...unnamed],
    counters: { ...report.counters, failed: report.counters.failed + unusable.size },
  };
}

/**
 * The entries that the map gives pending rows now, by the map rows that they are pending for and by any other, and the
 * pending rows whose key is still unusable.
 */
async function rereadMap(
  slice: Slice,
  page: readonly PendingRow[],
): Promise<{ entries: MapEntry[]; unusable: Set<string> }> {
  const { parts, context } = slice;
  const byMapRow = new Map(page.map((row) => [row.mapRowId, row]));
  // With key rings: an unusable key is among the reasons to be pending.
  const rows = await readKeyRings(parts.dataverse, context, [...byMapRow.keys()], slice.signal);
  const entries: MapEntry[] = [];
  const unusable = new Set<string>();
  for (const row of rows) {
    const reading = readMapRow(row, context.source);
    if (reading.kind === 'entry') entries.push(reading.entry);
    if (reading.kind === 'unusable') {
      const pending = byMapRow.get(String(row[mapColumns.id]).toLowerCase());
      if (pending !== undefined) unusable.add(pending.id);
    }
  }
  // By the rows themselves too: the map row that one is pending for may be gone while another still names it.
  const ids = [
    ...entries.map(({ sourceId }) => sourceId),
    ...page.map(({ id }) => id).filter((id) => !unusable.has(id)),
  ];
  const sources = new Map(ids.map((id) => [id, undefined]));
  const known = new Set(entries.map(({ mapRowId }) => mapRowId));
  const others = [...(await entriesOf(parts.dataverse, context, sources, slice.signal)).values()].flat();
  return { entries: [...entries, ...others.filter(({ mapRowId }) => !known.has(mapRowId))], unusable };
}

const settledOnly = ({ counters: { linked, relinked, cleared, unchanged, gone, assigned } }: RowsReport): Counters => ({
  ...noRows,
  read: linked + relinked + unchanged + gone + (assigned ?? 0),
  linked,
  relinked,
  cleared,
  unchanged,
  gone,
  ...(assigned === undefined ? {} : { assigned }),
});
