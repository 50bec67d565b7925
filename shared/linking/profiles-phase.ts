import { addCounters, noRows } from '../contracts/counters.ts';
import { guidAt } from '../customer-insights/guid.ts';
import { linkColumn } from '../customer-insights/names.ts';
import { bestFeed } from '../dataverse/change-feed.ts';
import type { ChangePage } from '../dataverse/dataverse.ts';
import { isLate } from '../dataverse/tracked-feed.ts';
import { isExpiredChangesError } from '../errors.ts';
import { clockDifferenceMs } from '../runs/limits.ts';
import { withAcrossUnits } from './link-rows.ts';
import { inPhase, type LinkingSlice } from './linking-pass.ts';
import { takenOf } from './map-phase.ts';
import { reconcileRows } from './reconcile-rows.ts';

/** Profiles in one answer, of which nothing but the ids is read: as many as Dataverse gives. */
const pageSize = 5_000;
/** Rows held against the map at once. */
const rowsAtOnce = 1_000;

/**
 * Holds rows against the map whose profile was deleted since the last watermark: neither the map nor the row tells of it.
 * Profiles whose changes are not tracked are left to the walk.
 */
export async function followProfiles(slice: LinkingSlice): Promise<void> {
  const { parts, context, signal } = slice;
  if (context.link === undefined || bestFeed(context.profile) !== 'changeTracking') return;
  const { entitySetName, primaryId } = context.profile;
  const since = slice.state.watermark === undefined ? undefined : takenOf(slice.state.watermark).profiles;
  // A rehearsal stores no watermark: without one before there is nothing to learn.
  if (since === undefined && slice.isRehearsal) return;
  let link = slice.pass.cursor ?? since;
  // When another slice was first answered was not noted: about when the pass began.
  let begunAt = slice.pass.cursor === undefined ? undefined : Date.parse(slice.pass.startedAt) + clockDifferenceMs;
  let hasStartedOver = false;
  for (;;) {
    await slice.stopIfTimeIsUp();
    let page: ChangePage;
    try {
      page = await parts.dataverse.readChanges({ entitySetName, select: [primaryId], pageSize, link }, signal);
    } catch (error) {
      if (!isExpiredChangesError(error) || link === undefined) throw error;
      const walk = { orphansDue: slice.pass.orphansDue ?? 'the list of profiles expired' };
      // A service that refuses every link that it gives would be read from the beginning for ever: the walk reads the rows.
      if (hasStartedOver) {
        await slice.checkpoint({ phase: 'map', cursor: undefined, writtenOfPage: 0, profiles: since, ...walk });
        return;
      }
      hasStartedOver = true;
      link = undefined;
      begunAt = undefined;
      await slice.rewrite({ cursor: undefined, ...(since === undefined ? {} : walk) });
      continue;
    }
    await reconcileRowsOf(slice, page.deleted);
    // Which profiles went while a first reading lasted does not matter: no row is linked to them afterwards.
    const mayMiss = since !== undefined && isLate(begunAt, page.deltaAt);
    begunAt ??= page.answeredAt;
    link = page.nextLink;
    if (link === undefined) {
      await slice.checkpoint({
        phase: 'map',
        cursor: undefined,
        writtenOfPage: 0,
        profiles: page.deltaLink,
        ...(mayMiss ? { orphansDue: slice.pass.orphansDue ?? 'profiles may have gone while they were read' } : {}),
      });
      return;
    }
    await slice.checkpoint({ cursor: link });
  }
}

/** Holds the rows against the map that are linked to some profiles which are gone. */
async function reconcileRowsOf(slice: LinkingSlice, profileIds: readonly string[]): Promise<void> {
  const { parts, context, pass, signal } = slice;
  // A new column has no links yet, and a walk meets all there are.
  if (profileIds.length === 0 || pass.columnCreated || pass.orphansDue !== undefined) return;
  const { entitySetName, primaryId } = context.table;
  const list = { entitySetName, select: [primaryId], column: linkColumn, values: profileIds };
  const [rows = []] = await parts.dataverse.readLists([list], signal);
  const ids = rows.map((row) => guidAt(row, primaryId)).filter((id) => id !== undefined);
  for (let start = 0; start < ids.length; start += rowsAtOnce) {
    // A page of profiles may have any number of rows; the walk, which goes page by page, meets those that are left.
    if (slice.writeSignal.aborted) return slice.checkpoint({ orphansDue: 'many rows had profiles that are gone' });
    const report = await reconcileRows(slice, ids.slice(start, start + rowsAtOnce));
    await slice.record(report, await slice.pendingOf(report));
    const { linked, relinked, cleared, waiting, failed } = report.counters;
    const written = slice.add({ ...noRows, linked, relinked, cleared });
    if (report.isPartial) await slice.endHere({ counters: written }, report.stopped);
    const now = inPhase(slice, 'profiles');
    await slice.checkpoint({
      conflicts: now.conflicts + report.conflicts,
      ...withAcrossUnits(now, report),
      counters: slice.isRehearsal ? written : addCounters(written, { ...noRows, waiting, failed }),
    });
  }
}
