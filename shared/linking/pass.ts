import { addCounters, type Counters, noRows } from '../contracts/counters.ts';
import type { Mode } from '../contracts/status.ts';
import type { EndedPass, LinkState, Pass } from '../state/link-states.ts';
import { countsUnits } from './across-units.ts';
import { drainMap } from './map-phase.ts';
import { clearOrphans, exceedsLimit, walkLinkedRows } from './orphan-phases.ts';
import { type Parts, timeOf } from './parts.ts';
import { retryPendingRows } from './pending-phase.ts';
import type { TableContext } from './prepare.ts';
import { rehearsalDetails } from './rehearsal-details.ts';
import type { Slice } from './slice.ts';
import { recordTableState } from './table-metrics.ts';

/** How far the clocks of Dataverse and of this process may be apart, in milliseconds. */
const clockDifferenceMs = 2 * 60_000;
/** Waiting rows that a task's details name. */
const sampleSize = 3;

/*
 * A pass, phase by phase. Each phase begins without a cursor; its end is the beginning of the next.
 *
 *   pending ──► map ──► orphans ──► clear ──► committed
 *      │         │         │          │
 *      │         │         │          └ clears what the walk set down, if the limit allows or it was confirmed
 *      │         │         └ walks all linked rows; only where there is cause (`orphansDue`)
 *      │         └ drains the map's changes; left out in mode `orphans`
 *      └ tries pending rows again
 */

/** A new pass as it begins; what it reads and why is decided here, and said in its details. */
export function beginPass(
  parts: Parts,
  context: TableContext,
  state: LinkState,
  task: { readonly runId: string; readonly followUp: number; readonly mode: Mode; readonly counters: Counters },
): Pass {
  const now = parts.now();
  const fullBecause = whyFull(context, state, task.mode, task.followUp);
  const details: string[] = [];
  if (context.columnCreated) details.push(`Made the lookup column on ${context.source.table}.`);
  if (fullBecause !== undefined && task.mode !== 'orphans') details.push(`Full pass: ${fullBecause}.`);
  // Once per run: its follow-ups only look for what has arrived since.
  const isWalkTime =
    task.followUp === 0 &&
    (state.lastWalkAt === undefined || now - Date.parse(state.lastWalkAt) >= parts.options.orphanIntervalMs);
  let orphansDue: string | undefined;
  if (task.mode === 'orphans') orphansDue = 'asked for';
  else if (context.link === undefined) orphansDue = undefined;
  else if (context.columnCreated)
    orphansDue = countsUnits({ parts, context }) ? 'business units are compared' : undefined;
  else if (fullBecause !== undefined) orphansDue = 'a full pass';
  else if (isWalkTime) orphansDue = 'the walk is due';
  return {
    runId: task.runId,
    followUp: task.followUp,
    mode: task.mode,
    startedAt: timeOf(now),
    phase: 'pending',
    feed: context.feed,
    full: fullBecause !== undefined,
    columnCreated: context.columnCreated,
    profileSchema: context.profileSchema,
    untried: true,
    orphansDue,
    walked: 0,
    orphans: 0,
    uncleared: 0,
    conflicts: 0,
    sampled: 0,
    newestChange: 0,
    slices: 0,
    // Rows that wait or fail are a state, not an event: each pass counts them anew.
    base: { ...task.counters, waiting: 0, failed: 0 },
    counters: noRows,
    carried: 0,
    details,
  };
}

function whyFull(
  context: TableContext,
  { watermark, lastPass }: LinkState,
  mode: Mode,
  followUp: number,
): string | undefined {
  if (context.columnCreated && lastPass !== undefined) return 'the lookup column had been removed';
  if (watermark === undefined) return 'the first run on this table';
  // A full run's follow-ups only look for what has arrived since.
  if (mode === 'full' && followUp === 0) return 'asked for';
  if (watermark.feed !== context.feed) return `the map is now read by ${context.feed}, before by ${watermark.feed}`;
  if (context.feed === 'scan') return 'the map can only be read whole';
  if (watermark.profileSchema !== context.profileSchema) return 'the columns of the customer profile table changed';
  return undefined;
}

/**
 * Carries a pass on from where it stands until it ends.
 * @throws TimeUpError, LostRaceError, or the reason of the slice's signal; the state then says where to go on
 */
export async function carryOn(slice: Slice): Promise<EndedPass> {
  if (slice.pass.phase === 'pending') {
    // Whatever their number was said to be: a worker that was held up may have kept one late.
    await retryPendingRows(slice);
    await slice.checkpoint({ phase: slice.pass.mode === 'orphans' ? 'orphans' : 'map', cursor: undefined });
  }
  if (slice.pass.phase === 'map') await drainMap(slice);
  if (slice.pass.phase === 'orphans') {
    if (slice.pass.orphansDue !== undefined) await walkLinkedRows(slice);
    if (slice.pass.phase === 'orphans') await slice.checkpoint({ phase: 'clear', cursor: undefined });
  }
  await clearOrphans(slice);
  return commit(slice);
}

/** Stores the new watermark together with the pass's end, in one write. */
async function commit(slice: Slice): Promise<EndedPass> {
  const { parts, slot, state, pass } = slice;
  const pending = await countPending(slice);
  const { warnings, isWalkUndone } = warningsOf(slice, pending);
  const ended: EndedPass = {
    runId: pass.runId,
    followUp: pass.followUp,
    startedAt: pass.startedAt,
    endedAt: slice.now(),
    counters: {
      ...addCounters(pass.base, pass.counters),
      waiting: pending.waiting,
      failed: pending.failed + pass.uncleared,
    },
    growing: isGrowing(slice) || isUncertain(pass),
    newestChange: Math.max(pass.newestChange, state.lastPass?.newestChange ?? 0),
    waitingSample: pending.sample,
    warnings,
    details: [...pass.details, ...(await detailsOf(slice))],
  };
  const { pass: _, lastWalkAt, ...rest } = state;
  await slice.save({
    ...rest,
    ...(pass.mode === 'orphans' || pass.next === undefined || isUncertain(pass) ? {} : { watermark: pass.next }),
    lastPass: ended,
    ...walkedAt(pass, lastWalkAt, isWalkUndone),
    pendingRows: pending.waiting + pending.failed,
  });
  if (!slice.isRehearsal) recordTableState(parts, slot.table, slice.state);
  return ended;
}

/** Whether the map changed a moment ago, and later than the pass before has seen: a clock that is off looks in vain once. */
function isGrowing({ parts, pass, state }: Slice): boolean {
  const isNew = pass.newestChange > (state.lastPass?.newestChange ?? 0);
  return isNew && pass.newestChange > Date.parse(pass.startedAt) - parts.options.settlingIntervalMs;
}

/**
 * A slice was lost at the drain's very beginning, and the map changed since: a late write of that slice may undo what
 * this pass made of the change, which the next watermark leaves behind. So the watermark stays, and another pass reads
 * the same changes again.
 */
function isUncertain({ uncertainSince, newestChange }: Pass): boolean {
  return uncertainSince !== undefined && newestChange >= Date.parse(uncertainSince) - clockDifferenceMs;
}

/** When the walk for orphans was last done; unknown where it is to be done again with the next run. */
function walkedAt(pass: Pass, before: string | undefined, isUndone: boolean): Pick<LinkState, 'lastWalkAt'> {
  if (pass.orphansDue !== undefined) return isUndone ? {} : { lastWalkAt: pass.startedAt };
  // Rows of a first pass have the newest link where changes come in their order; else the walk sees to it.
  if (pass.columnCreated && pass.feed === 'changeTracking') return { lastWalkAt: pass.startedAt };
  return before === undefined ? {} : { lastWalkAt: before };
}

interface Pending {
  readonly waiting: number;
  readonly failed: number;
  /** Ids of some rows that wait for their profile. */
  readonly sample: string[];
}

async function countPending(slice: Slice): Promise<Pending> {
  const { waiting, failed } = slice.pass.counters;
  if (slice.isRehearsal) return { waiting, failed, sample: [] };
  const count = { waiting: 0, failed: 0, sample: [] as string[] };
  if (!slice.mayHavePending) return count;
  for await (const { id, cause } of slice.parts.pendingRows.all(slice.slot.table)) {
    count[cause]++;
    if (cause === 'waiting' && count.sample.length < sampleSize) count.sample.push(id);
  }
  return count;
}

async function detailsOf(slice: Slice): Promise<string[]> {
  const { pass } = slice;
  const details: string[] = [];
  if (pass.orphansDue !== undefined) {
    details.push(`Walked ${pass.walked} linked rows (${pass.orphansDue}): ${pass.orphans} without a place in the map.`);
  }
  if (pass.acrossUnits !== undefined) {
    details.push(
      `${pass.acrossUnits} of ${pass.walked} linked rows lead to a profile of another business unit; they are listed as acrossUnits.`,
    );
  }
  if (isUncertain(pass)) details.push('A worker was lost while the map changed: the same changes are read once more.');
  if (pass.conflicts > 0) {
    details.push(
      `${pass.conflicts} rows are given to different customers by several map rows: the newest one whose profile exists counts.`,
    );
  }
  if (slice.isRehearsal) details.push(...(await rehearsalDetails(slice)));
  return details;
}

function warningsOf(slice: Slice, pending: Pending): { warnings: string[]; isWalkUndone: boolean } {
  const { pass, isConfirmed, parts } = slice;
  const warnings: string[] = [];
  const isHeldBack = !isConfirmed && exceedsLimit(pass.orphans, pass.walked, parts.options.orphanLimitPercent);
  if (isHeldBack) {
    const share = ((100 * pass.orphans) / pass.walked).toFixed(1);
    warnings.push(
      `${pass.orphans} links (${share} % of the linked rows) have no place in the map any more and were left: more than the limit of ${parts.options.orphanLimitPercent} %. Check the unification; to clear them, start a run in mode orphans with confirm.`,
    );
  }
  const failed = pending.failed + pass.uncleared;
  if (failed > 0)
    warnings.push(
      `${failed} rows could not be written; each is listed with its reason, and every later run tries them again.`,
    );
  return { warnings, isWalkUndone: isHeldBack || pass.uncleared > 0 };
}
