import { noRows } from '../contracts/counters.ts';
import type { UpdateReport } from '../dataverse/dataverse.ts';
import { endOf } from '../passes/rows-report.ts';
import type { Change } from '../passes/slice.ts';
import type { FoundChange } from '../state/found-changes.ts';
import type { StateKey } from '../state/link-states.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import { holdsOf } from './brakes.ts';
import { linkUpdates, passOf } from './link-rows.ts';
import { type InPhase, inPhase, type LinkingPass, type LinkingSlice } from './linking-pass.ts';
import { reconcileRows } from './reconcile-rows.ts';
import { addToTally } from './tally.ts';

/** Changes dealt with at once. */
const pageSize = 1_000;
/** A link is cleared this many settling intervals after it was found to have lost its place in the map. */
const clearAfterIntervals = 3;

/** Looks at what earlier passes found and did not make: much of it may have come to reason since. */
export async function recheckChanges(slice: LinkingSlice): Promise<void> {
  const { foundChanges } = slice.parts;
  const { table } = slice.stateKey;
  await eachPage(slice, { table }, async (page) => {
    const stale = page.filter(({ foundBy }) => foundBy !== passOf(slice));
    const before = new Map(stale.map((change) => [change.id, change]));
    const report = await reconcileRows(slice, [...before.keys()], { before });
    await slice.record(report, await slice.pendingOf(report));
    if (report.isPartial) await slice.endHere({ counters: slice.add(writtenOf(report.counters)) }, report.stopped);
    const still = new Set(report.found.map(({ id }) => id));
    if (!slice.isRehearsal) {
      await foundChanges.drop(
        { table },
        [...before.keys()].filter((id) => !still.has(id)),
      );
    }
    return { counters: slice.add(writtenOf(report.counters)) };
  });
}

/** Counts the changes that were found, and holds them against the brakes, before any of them is made. */
export async function weighChanges(slice: LinkingSlice): Promise<void> {
  await eachPage(slice, slice.stateKey, async (page) => ({ tally: addToTally(inPhase(slice, 'weigh').tally, page) }));
  const { parts, stateKey, state } = slice;
  const pass = inPhase(slice, 'weigh');
  const { tally } = pass;
  const holds = holdsOf(tally, {
    table: stateKey.table,
    linkedRows: linkedBefore(slice, pass),
    limits: parts.options,
    before: state.linking,
    now: slice.now(),
  });
  const isConfirmed = confirmations(slice);
  await slice.checkpoint({
    phase: 'clear',
    cursor: undefined,
    uncleared: 0,
    leaving: 0,
    holds: holds.filter((hold) => !isConfirmed(hold.id)),
    confirmed: holds.map(({ id }) => id).filter(isConfirmed),
    ...(slice.isRehearsal
      ? { counters: slice.add({ ...noRows, linked: tally.links, relinked: tally.moves, cleared: tally.clears }) }
      : {}),
  });
}

/** Rows of the table that had a link before the changes that were set down. */
export const linkedBefore = ({ state }: LinkingSlice, pass: InPhase<'weigh' | 'clear'>): number => {
  // A walk over the rows has counted them, with those that it linked itself left out.
  if (pass.orphansDue !== undefined) return pass.walked;
  const { linked, unchanged } = pass.counters;
  if (!pass.columnCreated) return (state.linking?.linkedRows ?? 0) + linked;
  // In a new column only this pass can have made a link: what it meets as right, a lost slice wrote and did not count.
  return linked + (pass.hasLostSlice === true ? unchanged : 0);
};

/** Which holds somebody confirmed: a confirmation is for what was shown before it was given. */
function confirmations({ state, permission }: LinkingSlice): (id: string) => boolean {
  const { beyondLimits, holds = [], receivedAt } = permission;
  const { confirmed: earlier, holds: shown } = state.linking ?? { confirmed: [], holds: [] };
  const now = shown.filter(({ id, shownAt }) => shownAt <= receivedAt && (beyondLimits || holds.includes(id)));
  const confirmed = new Set([...earlier, ...now.map(({ id }) => id)]);
  return (id) => confirmed.has(id);
}

/**
 * Makes the changes that were found and are not held. Each row's place in the map is looked up again right before; a link
 * is cleared only where the map is quiet, and some time after it was found.
 */
export async function settleChanges(slice: LinkingSlice): Promise<void> {
  const { parts, context, stateKey } = slice;
  if (slice.isRehearsal) return parts.foundChanges.removeRehearsal(slice.pass.runId, stateKey.table);
  const held = new Set(inPhase(slice, 'clear').holds.map(({ kind, profileId }) => profileId ?? kind));
  const mayMove = (profileId: string | undefined): boolean =>
    !held.has('move') && profileId !== undefined && !held.has(profileId);
  const mayClear = ({ since }: FoundChange): boolean => !held.has('clear') && isOld(slice, since);
  await eachPage(slice, stateKey, async (page) => {
    const due = page.filter((change) => (change.kind === 'clear' ? mayClear(change) : mayMove(change.to)));
    const leaving = held.has('clear')
      ? 0
      : page.filter((change) => change.kind === 'clear' && !due.includes(change)).length;
    const before = new Map(due.map((change) => [change.id, change]));
    const report = await reconcileRows(slice, [...before.keys()], { mayMove, before });
    await slice.record(report, await slice.pendingOf(report));
    if (report.isPartial) await slice.endHere({ counters: slice.add(writtenOf(report.counters)) }, report.stopped);

    // Whoever gave the row another link since it was found has the last word for now.
    const orphans = report.found.filter(({ id, kind, from }) => kind === 'clear' && before.get(id)?.from === from);
    const clearing = mayClearAny(before) ? orphans : [];
    if (clearing.length > 0) await slice.makeSureOfTable();
    const linkUpdate = linkUpdates(context);
    const cleared =
      clearing.length === 0
        ? nothingWritten
        : await parts.dataverse.update({
            table: context.table,
            rows: clearing.map(({ id }) => linkUpdate(id, undefined)),
            signal: slice.writeSignal,
          });
    const at = slice.now();
    const outcomes = cleared.written.map(
      (id): RowOutcome => ({
        id,
        outcome: 'cleared',
        at,
        reason: 'The map no longer gives this row a profile.',
        ...(before.get(id)?.from === undefined ? {} : { previousProfileId: before.get(id)?.from }),
      }),
    );
    const failures = cleared.failed.map(
      ({ id, code, message }): RowOutcome => ({
        id,
        outcome: 'failed',
        at,
        reason: `Dataverse refused to clear the link${code ? ` (${code})` : ''}: ${message}`,
      }),
    );
    await parts.rowOutcomes.record(slice.pass.runId, stateKey.table, [...outcomes, ...failures]);
    const gone = new Set([...cleared.written, ...cleared.gone]);
    const left = new Set(report.found.map(({ id }) => id).filter((id) => !gone.has(id)));
    await parts.foundChanges.drop(
      stateKey,
      [...before.keys()].filter((id) => !left.has(id)),
    );
    const written = writtenOf(report.counters);
    const counters = slice.add({ ...written, cleared: written.cleared + cleared.written.length });
    const { isPartial, stopped } = endOf(cleared);
    if (isPartial) await slice.endHere({ counters }, stopped);
    return {
      counters,
      uncleared: inPhase(slice, 'clear').uncleared + cleared.failed.length,
      leaving: inPhase(slice, 'clear').leaving + leaving,
    };
  });
}

const nothingWritten: UpdateReport = { written: [], gone: [], failed: [], unsent: [] };

const mayClearAny = (before: ReadonlyMap<string, FoundChange>): boolean =>
  [...before.values()].some(({ kind }) => kind === 'clear');

/** Whether the map is quiet, and a link was without a place in it for long enough. */
function isOld({ parts, pass, state }: LinkingSlice, since: string): boolean {
  const { settlingIntervalMs } = parts.options;
  if (settlingIntervalMs === 0) return true;
  const begun = Date.parse(pass.startedAt);
  const newestChange = Math.max(pass.newestChange, state.lastPass?.newestChange ?? 0);
  return (
    Date.parse(since) <= begun - clearAfterIntervals * settlingIntervalMs && newestChange <= begun - settlingIntervalMs
  );
}

/** Goes through the changes set down under a state key, a page at a time, with a checkpoint after each. */
async function eachPage(
  slice: LinkingSlice,
  stateKey: StateKey,
  handle: (page: readonly FoundChange[]) => Promise<Change<LinkingPass>>,
): Promise<void> {
  for (;;) {
    await slice.stopIfTimeIsUp();
    const page = await slice.parts.foundChanges.page(stateKey, slice.pass.cursor, pageSize);
    const last = page.at(-1);
    if (last === undefined) return;
    const change = await handle(page);
    await slice.checkpoint({ ...change, cursor: last.id });
    if (page.length < pageSize) return;
  }
}

/** What was done to rows; how they stand was counted when they were first met. */
const writtenOf = ({ linked, relinked, cleared, waiting, failed }: typeof noRows): typeof noRows => ({
  ...noRows,
  linked,
  relinked,
  cleared,
  waiting,
  failed,
});
