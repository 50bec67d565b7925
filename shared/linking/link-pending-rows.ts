import { entriesOf, readKeyRings } from '../customer-insights/map-lookup.ts';
import { type MapEntry, readMapRow } from '../customer-insights/map-row.ts';
import { mapColumns } from '../customer-insights/names.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import { type LinkReport, linkRows, readRows } from './link-rows.ts';
import type { LinkingSlice } from './linking-pass.ts';

/**
 * Links pending rows by what the map gives them now. A row is let go when it is linked, when it no longer exists, or when
 * the map no longer names it.
 */
export async function linkPendingRows(slice: LinkingSlice, page: readonly PendingRow[]): Promise<LinkReport> {
  const { entries, unusable } = await rereadMap(slice, page);
  const report = await linkRows(slice, entries, await readRows(slice, entries, false));
  const named = new Set(entries.map(({ sourceId }) => sourceId));
  const unnamed = page.filter(({ id }) => !unusable.has(id) && !named.has(id)).map(({ id }) => ({ id }));
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
  slice: LinkingSlice,
  page: readonly PendingRow[],
): Promise<{ entries: MapEntry[]; unusable: Set<string> }> {
  const { parts, context } = slice;
  const byMapRow = new Map(page.flatMap((row) => (row.mapRowId === undefined ? [] : [[row.mapRowId, row] as const])));
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
