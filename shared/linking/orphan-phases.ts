import { addCounters, noRows } from '../contracts/counters.ts';
import { normaliseGuid } from '../customer-insights/guid.ts';
import { entriesOf } from '../customer-insights/map-lookup.ts';
import { linkValue } from '../customer-insights/names.ts';
import { unitValue } from '../customer-insights/owner-columns.ts';
import { endOf } from '../passes/rows-report.ts';
import type { FoundOrphan } from '../state/found-orphans.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import { acrossUnits, countsUnits, keepsApart } from './across-units.ts';
import { type LinkReport, linkRows, linkUpdates, readRows, withApart } from './link-rows.ts';
import { inPhase, type LinkingSlice } from './linking-pass.ts';

/** Orphans that may always be cleared: in a small table a few are a large share. */
const alwaysAllowed = 10;
const clearPageSize = 1000;

/**
 * Walks every linked row. Links that the map gives differently are corrected at once; links that it gives no more are
 * set down, to be cleared when their number is known.
 */
export async function walkLinkedRows(slice: LinkingSlice): Promise<void> {
  const { parts, context, slot } = slice;
  if (context.link === undefined) return;
  if (slice.pass.cursor === undefined && !slice.isRehearsal) await parts.foundOrphans.dropAll(slot.table);
  for (;;) {
    await slice.stopIfTimeIsUp();
    const page = await parts.dataverse.readPage(
      {
        entitySetName: context.table.entitySetName,
        select: countsUnits(slice) ? [linkValue, unitValue] : [linkValue],
        filter: `${linkValue} ne null`,
        orderBy: context.table.primaryId,
        pageSize: parts.options.pageSize,
        nextLink: slice.pass.cursor,
      },
      slice.signal,
    );
    const linked = new Map<string, string>();
    const units = new Map<string, string>();
    for (const row of page.rows) {
      const [id, profileId, unit] = [row[context.table.primaryId], row[linkValue], row[unitValue]].map((value) =>
        normaliseGuid(String(value ?? '')),
      );
      if (id !== undefined && profileId !== undefined) linked.set(id, profileId);
      if (id !== undefined && unit !== undefined) units.set(id, unit);
    }
    await walkPage(slice, linked, units, page.nextLink);
    if (page.nextLink === undefined) return;
  }
}

async function walkPage(
  slice: LinkingSlice,
  linked: ReadonlyMap<string, string>,
  units: ReadonlyMap<string, string>,
  nextLink: string | undefined,
): Promise<void> {
  const { parts, context, slot } = slice;
  const pass = inPhase(slice, 'orphans');
  const entries = await entriesOf(parts.dataverse, context, linked, slice.signal);
  const orphans = [...linked]
    .filter(([id]) => !entries.has(id))
    .map(([id, profileId]): FoundOrphan => ({ id, profileId }));
  // Where units are kept apart, a link that the map gives may still lead to another unit.
  const differing = [...entries].filter(
    ([id, ofRow]) => keepsApart(slice) || ofRow.some(({ profileId }) => profileId !== linked.get(id)),
  );
  const given = differing.flatMap(([, ofRow]) => ofRow);
  const report = await linkRows(slice, given, await readRows(slice, given, false));
  // Rows whose new profile has not arrived keep the link they have; the map's own change brings them up again.
  const unlinked = new Set(report.apart);
  const isWaiting = ({ id, outcome }: RowOutcome) => outcome === 'waiting' && !unlinked.has(id);
  await slice.record(
    {
      ...report,
      keep: report.keep.filter(({ id, cause }) => cause !== 'waiting' || unlinked.has(id)),
      outcomes: report.outcomes.filter((outcome) => !isWaiting(outcome)),
    },
    await slice.pendingAmong(report.settled.map(({ id }) => id)),
  );
  const counters = slice.add({
    ...noRows,
    linked: report.counters.linked,
    relinked: report.counters.relinked,
    cleared: report.counters.cleared,
  });
  // Rows that are right now are not counted again when the page is walked anew.
  if (report.isPartial) await slice.endHere({ counters }, report.stopped);
  if (slice.isRehearsal) await slice.sample(orphans.map((orphan) => cleared(slice, orphan)));
  else await parts.foundOrphans.keep(slot.table, orphans);
  const across = countsUnits(slice) && !keepsApart(slice) ? await findAcross(slice, linked, units, report) : undefined;
  await slice.checkpoint({
    ...(across === undefined ? {} : { acrossUnits: (pass.acrossUnits ?? 0) + across }),
    ...(nextLink === undefined ? { phase: 'clear' as const, cursor: undefined, uncleared: 0 } : { cursor: nextLink }),
    walked: pass.walked + linked.size,
    orphans: pass.orphans + orphans.length,
    conflicts: pass.conflicts + report.conflicts,
    ...withApart(pass, report),
    counters: addCounters(counters, { ...noRows, failed: report.counters.failed }),
  });
}

/** Records which of a page's links lead to another business unit, as they are after its corrections; returns how many. */
async function findAcross(
  slice: LinkingSlice,
  linked: ReadonlyMap<string, string>,
  units: ReadonlyMap<string, string>,
  { outcomes }: LinkReport,
): Promise<number> {
  const moved = new Map(
    outcomes.map(({ id, outcome, profileId }) => [id, outcome === 'relinked' ? profileId : undefined]),
  );
  const rows = [...linked].map(([id, profileId]) => ({
    id,
    profileId: moved.get(id) ?? profileId,
    unit: units.get(id),
  }));
  const across = await acrossUnits(slice, rows);
  await slice.record({ outcomes: across, keep: [], settled: [] }, new Map());
  return across.length;
}

/** Whether the orphans found may be cleared without asking; the limit is a share of the linked rows. */
export function exceedsLimit(orphans: number, linkedRows: number, limitPercent: number): boolean {
  return orphans > alwaysAllowed && orphans > (linkedRows * limitPercent) / 100;
}

/** Clears the links that the walk set down, unless they are more than the safety limit allows and nobody permitted it. */
export async function clearOrphans(slice: LinkingSlice): Promise<void> {
  const { parts, context, slot } = slice;
  const pass = inPhase(slice, 'clear');
  const { orphanLimitPercent } = parts.options;
  if (pass.orphans === 0) return;
  if (!slice.mayGoBeyondLimits && exceedsLimit(pass.orphans, pass.walked, orphanLimitPercent)) return;
  if (slice.isRehearsal) {
    await slice.checkpoint({ counters: slice.add({ ...noRows, cleared: pass.orphans }) });
    return;
  }
  for (;;) {
    await slice.stopIfTimeIsUp();
    const page = await parts.foundOrphans.page(slot.table, slice.pass.cursor, clearPageSize);
    const last = page.at(-1);
    if (last === undefined) return;
    const [rows = []] = await parts.dataverse.readLists(
      [
        {
          entitySetName: context.table.entitySetName,
          select: [linkValue],
          column: context.table.primaryId,
          values: page.map(({ id }) => id),
        },
      ],
      slice.signal,
    );
    const found = new Map(page.map((orphan) => [orphan.id, orphan]));
    // Whoever gave the row another link since the walk has the last word.
    const still = rows
      .map((row) => ({
        id: normaliseGuid(String(row[context.table.primaryId] ?? '')) ?? '',
        profileId: normaliseGuid(String(row[linkValue] ?? '')),
      }))
      .filter(({ id, profileId }) => profileId !== undefined && found.get(id)?.profileId === profileId);
    await slice.makeSureOfTable();
    const linkUpdate = linkUpdates(context);
    const report = await parts.dataverse.update({
      table: context.table,
      rows: still.map(({ id }) => linkUpdate(id, undefined)),
      signal: slice.writeSignal,
    });
    const { isPartial, stopped } = endOf(report);
    const at = slice.now();
    const outcomes = report.written.map((id) => cleared(slice, found.get(id) ?? { id, profileId: '' }));
    const failures = report.failed.map(
      ({ id, code, message }): RowOutcome => ({
        id,
        outcome: 'failed',
        at,
        reason: `Dataverse refused to clear the link${code ? ` (${code})` : ''}: ${message}`,
      }),
    );
    await parts.rowOutcomes.record(pass.runId, slot.table, [...outcomes, ...failures]);
    const counters = slice.add({
      ...noRows,
      cleared: report.written.length,
      gone: report.gone.length,
    });
    if (isPartial) {
      await parts.foundOrphans.drop(slot.table, [...report.written, ...report.gone]);
      await slice.endHere({ counters }, stopped);
    }
    await slice.checkpoint({
      cursor: last.id,
      counters,
      uncleared: inPhase(slice, 'clear').uncleared + report.failed.length,
    });
  }
}

const cleared = (slice: LinkingSlice, { id, profileId }: FoundOrphan): RowOutcome => ({
  id,
  outcome: 'cleared',
  at: slice.now(),
  reason: 'The map no longer gives this row a profile.',
  previousProfileId: profileId,
});
