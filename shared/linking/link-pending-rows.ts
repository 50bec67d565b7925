import { readKeyRings } from '../customer-insights/map-lookup.ts';
import { readMapRow } from '../customer-insights/map-row.ts';
import { mapColumns } from '../customer-insights/names.ts';
import { isMapRow, type PendingRow } from '../state/pending-rows.ts';
import type { LinkReport } from './link-rows.ts';
import type { LinkingSlice } from './linking-pass.ts';
import { reconcileRows } from './reconcile-rows.ts';

/**
 * Holds pending rows against what the map says of them now, whichever map row they became pending for. A row is let go
 * when it is linked, when it no longer exists, or when no map row names it any more.
 */
export async function linkPendingRows(slice: LinkingSlice, page: readonly PendingRow[]): Promise<LinkReport> {
  const { parts, context, signal } = slice;
  // Map rows that named no usable key are pending under their own id.
  const mapRows = page.filter(isMapRow).map(({ id }) => id);
  const unusable = new Set<string>();
  const gone = new Set(mapRows);
  const named = page.filter((row) => !isMapRow(row)).map(({ id }) => id);
  for (const row of await readKeyRings(parts.dataverse, context, mapRows, signal)) {
    const reading = readMapRow(row, context.source);
    if (reading.kind === 'entry') named.push(reading.entry.sourceId);
    const id = String(row[mapColumns.id]).toLowerCase();
    if (reading.kind === 'unusable') unusable.add(id);
    gone.delete(id);
  }
  // What is no map row may be a source row whose record could not be read.
  const report = await reconcileRows(slice, [...named, ...gone]);
  return {
    ...report,
    settled: [...report.settled, ...mapRows.filter((id) => !unusable.has(id)).map((id) => ({ id }))],
    counters: { ...report.counters, failed: report.counters.failed + unusable.size },
  };
}
