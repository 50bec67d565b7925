import { addCounters, noRows } from '../contracts/counters.ts';
import { guidAt } from '../customer-insights/guid.ts';
import { linkValue } from '../customer-insights/names.ts';
import { unitValue } from '../customer-insights/owner-columns.ts';
import type { RowPage } from '../dataverse/dataverse.ts';
import { isExpiredChangesError } from '../errors.ts';
import { acrossUnits, countsUnits, keepsApart } from './across-units.ts';
import { type LinkReport, withAcrossUnits } from './link-rows.ts';
import { inPhase, type LinkingSlice } from './linking-pass.ts';
import { reconcileRows } from './reconcile-rows.ts';

/**
 * Walks every row and holds it against the map, in both directions. Where the whole map was read before, every row that it
 * names has been seen, and only linked rows are walked.
 */
export async function walkRows(slice: LinkingSlice): Promise<void> {
  const { context } = slice;
  if (context.link === undefined) return;
  let mayBeginAnew = slice.pass.cursor !== undefined;
  for (;;) {
    await slice.stopIfTimeIsUp();
    let page: RowPage;
    try {
      page = await readWalked(slice);
    } catch (error) {
      // The place that an earlier slice came to is not known any more.
      if (!isExpiredChangesError(error) || !mayBeginAnew) throw error;
      mayBeginAnew = false;
      await slice.checkpoint({ cursor: undefined, walked: 0, orphans: 0 });
      continue;
    }
    mayBeginAnew = false;
    const rows = page.rows.flatMap((row): WalkedRow[] => {
      const id = guidAt(row, context.table.primaryId);
      return id === undefined ? [] : [{ id, profileId: guidAt(row, linkValue), unit: guidAt(row, unitValue) }];
    });
    await walkPage(slice, rows, page.nextLink);
    if (page.nextLink === undefined) return;
  }
}

const readWalked = (slice: LinkingSlice): Promise<RowPage> => {
  const { parts, context, signal } = slice;
  const request = {
    entitySetName: context.table.entitySetName,
    select: countsUnits(slice) ? [linkValue, unitValue] : [linkValue],
    filter: slice.pass.full ? `${linkValue} ne null` : undefined,
    orderBy: context.table.primaryId,
    pageSize: parts.options.pageSize,
    nextLink: slice.pass.cursor,
  };
  return parts.dataverse.readPage(request, signal);
};

/** A row as the walk saw it. */
interface WalkedRow {
  readonly id: string;
  readonly profileId: string | undefined;
  /** The business unit that owns the row; undefined where it was not read. */
  readonly unit: string | undefined;
}

async function walkPage(slice: LinkingSlice, rows: readonly WalkedRow[], nextLink: string | undefined): Promise<void> {
  const pass = inPhase(slice, 'orphans');
  const ids = rows.map(({ id }) => id);
  const report = await reconcileRows(slice, ids);
  await slice.record(report, await slice.pendingOf(report));
  const { linked: first, relinked, cleared } = report.counters;
  const written = slice.add({ ...noRows, linked: first, relinked, cleared });
  // Rows that are right now are not counted again when the page is walked anew.
  if (report.isPartial) await slice.endHere({ counters: written }, report.stopped);
  const linked = rows.flatMap(({ id, profileId, unit }) => (profileId === undefined ? [] : [{ id, profileId, unit }]));
  const across = countsUnits(slice) && !keepsApart(slice) ? await findAcross(slice, linked, report) : undefined;
  await slice.checkpoint({
    ...(across === undefined ? {} : { acrossUnits: (pass.acrossUnits ?? 0) + across }),
    ...(nextLink === undefined ? { phase: 'recheck' as const, cursor: undefined } : { cursor: nextLink }),
    walked: pass.walked + linked.length + report.counters.linked,
    orphans: pass.orphans + report.found.filter(({ kind }) => kind === 'clear').length,
    conflicts: pass.conflicts + report.conflicts,
    ...withAcrossUnits(pass, report),
    // Who rehearses has counted these rows already.
    counters: slice.isRehearsal
      ? written
      : addCounters(written, { ...noRows, waiting: report.counters.waiting, failed: report.counters.failed }),
  });
}

/** Records which of a page's links lead to another business unit, as they are to be; returns how many. */
async function findAcross(
  slice: LinkingSlice,
  linked: readonly { readonly id: string; readonly profileId: string; readonly unit: string | undefined }[],
  { found }: LinkReport,
): Promise<number> {
  const moved = new Map(found.map(({ id, to }) => [id, to]));
  const rows = linked.map(({ id, profileId, unit }) => ({ id, profileId: moved.get(id) ?? profileId, unit }));
  const across = await acrossUnits(slice, rows);
  await slice.record({ outcomes: across, keep: [], settled: [] }, new Map());
  return across.length;
}
