import { addCounters, noRows } from '../contracts/counters.ts';
import { guidAt } from '../customer-insights/guid.ts';
import type { RowPage } from '../dataverse/dataverse.ts';
import { withAcrossUnits } from './link-rows.ts';
import { inPhase, type LinkingSlice } from './linking-pass.ts';
import {
  addLookedAt,
  type LookedAt,
  lookDone,
  lookOf,
  minuteOf,
  outsideMinutes,
  overlapMs,
  sameMinutes,
  withinMinutes,
} from './looked-at.ts';
import { reconcileRows } from './reconcile-rows.ts';

const modifiedOn = 'modifiedon';
const modifiedBy = 'modifiedby';

/** Whether a table tells who changed its rows, and when. */
export const tellsChanges = ({ context }: Pick<LinkingSlice, 'context'>): boolean =>
  context.table.columns.has(modifiedOn) && context.table.columns.has(modifiedBy);

/**
 * Holds rows against the map that somebody else changed since the last pass: a link may have been set, emptied, or lost
 * with a row that came back. Rows that this app changed last are as it left them, and many that the last pass looked at
 * already are not looked at again.
 */
export async function reconcileTouched(slice: LinkingSlice): Promise<void> {
  const { parts, context, state } = slice;
  const { watermark } = state;
  if (context.link === undefined || watermark === undefined || !tellsChanges(slice)) return;
  const { lookedFrom = watermark.takenAt, lookedAt = {} } = lookOf(watermark);
  const begun = inPhase(slice, 'touched').begunAt ?? slice.now();
  const nextSince = minuteOf(Date.parse(begun) - overlapMs);
  const note = (looked: LookedAt, page: RowPage, since: string): LookedAt =>
    addLookedAt(looked, page.rows, { id: context.table.primaryId, changedOn: modifiedOn, since });

  if (Object.keys(lookedAt).length > 0 && inPhase(slice, 'touched').known === undefined) {
    await eachPage(slice, [withinMinutes(modifiedOn, lookedAt)], async (page) => {
      const met = note(inPhase(slice, 'touched').met ?? {}, page, '');
      const isLast = page.nextLink === undefined;
      await slice.checkpoint({
        begunAt: begun,
        cursor: page.nextLink,
        ...(isLast ? { met: undefined, known: sameMinutes(lookedAt, met) } : { met }),
      });
    });
  }
  const { known = [] } = inPhase(slice, 'touched');
  const since = `${modifiedOn} ge ${minuteOf(Date.parse(lookedFrom) - overlapMs)}`;
  await eachPage(slice, [since, ...outsideMinutes(modifiedOn, known)], async (page) => {
    const report = await reconcileRows(slice, idsIn(slice, page));
    await slice.record(report, await slice.pendingOf(report));
    const { linked, relinked, cleared, waiting, failed } = report.counters;
    const written = slice.add({ ...noRows, linked, relinked, cleared });
    if (report.isPartial) await slice.endHere({ counters: written }, report.stopped);
    const pass = inPhase(slice, 'touched');
    const met = note(pass.met ?? {}, page, nextSince);
    const stillKnown = known.filter((minute) => minute >= nextSince);
    const looked = { ...met, ...Object.fromEntries(stillKnown.flatMap((minute) => entryOf(lookedAt, minute))) };
    await slice.checkpoint({
      begunAt: begun,
      cursor: page.nextLink,
      ...(page.nextLink === undefined && pass.next !== undefined
        ? { next: { ...pass.next, ...lookDone(begun, looked, parts.options.pageSize) } }
        : { met }),
      conflicts: pass.conflicts + report.conflicts,
      ...withAcrossUnits(pass, report),
      counters: slice.isRehearsal ? written : addCounters(written, { ...noRows, waiting, failed }),
    });
  });
}

const entryOf = (looked: LookedAt, minute: string): [string, LookedAt[string]][] => {
  const entry = looked[minute];
  return entry === undefined ? [] : [[minute, entry]];
};

const idsIn = ({ context }: LinkingSlice, { rows }: RowPage): string[] =>
  rows.map((row) => guidAt(row, context.table.primaryId)).filter((id) => id !== undefined);

/** Reads the rows that others changed and that meet some conditions, page by page; `handle` moves the cursor behind each. */
async function eachPage(
  slice: LinkingSlice,
  conditions: readonly string[],
  handle: (page: RowPage) => Promise<void>,
): Promise<void> {
  const { parts, context, signal } = slice;
  const notOurs = (await parts.ownUsers(signal)).map((id) => `_${modifiedBy}_value ne ${id}`);
  for (;;) {
    await slice.stopIfTimeIsUp();
    const page = await parts.dataverse.readPage(
      {
        entitySetName: context.table.entitySetName,
        select: [context.table.primaryId, modifiedOn],
        filter: [...conditions, ...notOurs].join(' and '),
        orderBy: context.table.primaryId,
        pageSize: parts.options.pageSize,
        nextLink: inPhase(slice, 'touched').cursor,
      },
      signal,
    );
    await handle(page);
    if (page.nextLink === undefined) return;
  }
}
