import { addCounters, noRows } from '../contracts/counters.ts';
import { guidAt } from '../customer-insights/guid.ts';
import { withAcrossUnits } from './link-rows.ts';
import { inPhase, type LinkingSlice } from './linking-pass.ts';
import { reconcileRows } from './reconcile-rows.ts';

/**
 * How far this looks back behind the last watermark, in milliseconds: rows are stamped when their write begins and appear
 * when it ends, and clocks may be apart.
 */
const overlapMs = 12 * 60_000;
const modifiedOn = 'modifiedon';
const modifiedBy = 'modifiedby';

/** Whether a table tells who changed its rows, and when. */
export const tellsChanges = ({ context }: Pick<LinkingSlice, 'context'>): boolean =>
  context.table.columns.has(modifiedOn) && context.table.columns.has(modifiedBy);

/**
 * Holds rows against the map that somebody else changed since the last pass: a link may have been set, emptied, or lost
 * with a row that came back. Rows that this app changed last are as it left them.
 */
export async function reconcileTouched(slice: LinkingSlice): Promise<void> {
  const { parts, context, state, signal } = slice;
  const { watermark } = state;
  if (context.link === undefined || watermark === undefined || !tellsChanges(slice)) return;
  const since = new Date(Date.parse(watermark.takenAt) - overlapMs).toISOString();
  const notOurs = (await parts.ownUsers(signal)).map((id) => `_${modifiedBy}_value ne ${id}`);
  for (;;) {
    await slice.stopIfTimeIsUp();
    const pass = inPhase(slice, 'touched');
    const page = await parts.dataverse.readPage(
      {
        entitySetName: context.table.entitySetName,
        select: [context.table.primaryId],
        filter: [`${modifiedOn} ge ${since}`, ...notOurs].join(' and '),
        orderBy: context.table.primaryId,
        pageSize: parts.options.pageSize,
        nextLink: pass.cursor,
      },
      signal,
    );
    const ids = page.rows.map((row) => guidAt(row, context.table.primaryId)).filter((id) => id !== undefined);
    const report = await reconcileRows(slice, ids);
    await slice.record(report, await slice.pendingOf(report));
    const { linked, relinked, cleared, waiting, failed } = report.counters;
    const written = slice.add({ ...noRows, linked, relinked, cleared });
    if (report.isPartial) await slice.endHere({ counters: written }, report.stopped);
    await slice.checkpoint({
      cursor: page.nextLink,
      conflicts: pass.conflicts + report.conflicts,
      ...withAcrossUnits(pass, report),
      counters: slice.isRehearsal ? written : addCounters(written, { ...noRows, waiting, failed }),
    });
    if (page.nextLink === undefined) return;
  }
}
