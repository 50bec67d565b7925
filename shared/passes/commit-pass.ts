import { addCounters } from '../contracts/counters.ts';
import type { Coverage } from '../contracts/coverage.ts';
import type { Finding } from '../contracts/run.ts';
import { agreeing, counted } from '../counted.ts';
import { clockDifferenceMs, waitingRowsNamed } from '../runs/limits.ts';
import { recordTableState } from '../runs/table-metrics.ts';
import type { EndedPass, Pass } from '../state/link-states.ts';
import type { LinkingState } from '../state/linking-state.ts';
import { isMapRow, type PendingRow } from '../state/pending-rows.ts';
import type { Slice } from './slice.ts';

/** Rows of a table that are pending as a pass ends. */
export interface Pending {
  readonly waiting: number;
  /** Those of them that began to wait in this run. */
  readonly newlyWaiting: number;
  readonly failed: number;
  /** Rows left without a link, because their profile belongs to another business unit. */
  readonly acrossUnits: number;
  /** All of these but rows that have another link meanwhile; map rows without a usable key by themselves. */
  readonly unlinked: Readonly<Record<PendingRow['cause'] | 'keyUnusable', number>>;
  /** Ids of some rows that wait for their profile. */
  readonly sample: string[];
}

/** What a pass leaves to be told and kept besides its counters and its watermark. */
export interface Conclusion {
  readonly warnings: string[];
  readonly details: string[];
  /** Rows that could not be dealt with though none of them is kept as pending. */
  readonly failedBesides?: number;
  /** Links that are to be cleared once the map is quiet. */
  readonly leaving?: number;
  /** What linking knows of the table from now on. */
  readonly linking?: LinkingState;
  /** How the table's rows stand, where somebody knows. */
  readonly coverage?: Coverage;
  /** Requirements that the pass found not to hold. */
  readonly findings?: Finding[];
  /** When the walk over the rows was last done, where there is one. */
  readonly lastWalkAt?: string | undefined;
}

/** Stores the new watermark together with the pass's end, in one write. */
export async function commitPass(
  slice: Slice,
  conclude: (pending: Pending) => Promise<Conclusion>,
): Promise<EndedPass> {
  const { parts, stateKey, pass } = slice;
  const { lastPass } = slice.state;
  const before = lastPass?.runId === pass.runId ? lastPass : undefined;
  const pending = await countPending(slice);
  const {
    warnings,
    details,
    findings = [],
    lastWalkAt,
    leaving = 0,
    linking,
    coverage,
    failedBesides = 0,
  } = await conclude(pending);
  const ended: EndedPass = {
    runId: pass.runId,
    followUp: pass.followUp,
    startedAt: pass.startedAt,
    endedAt: slice.now(),
    // Clocks may be set back in the midst of it.
    workedMs: (before?.workedMs ?? 0) + Math.max(0, Math.round(parts.now() - Date.parse(pass.startedAt))),
    counters: {
      ...addCounters(pass.base, pass.counters),
      waiting: pending.waiting,
      failed: pending.failed + failedBesides,
    },
    growing: isGrowing(slice) || isUncertain(pass),
    newestChange: Math.max(pass.newestChange, lastPass?.newestChange ?? 0),
    ...(pending.acrossUnits === 0 ? {} : { acrossUnits: pending.acrossUnits }),
    newlyWaiting: pending.newlyWaiting,
    waitingSample: pending.sample,
    ...(coverage === undefined ? {} : { coverage }),
    warnings,
    ...(leaving === 0 ? {} : { leaving }),
    findings,
    details: [
      ...pass.details,
      ...(isUncertain(pass) ? ['A worker was lost while the map changed: the same changes are read once more.'] : []),
      ...details,
    ],
  };
  const { pass: _, lastWalkAt: _before, ...rest } = slice.state;
  await slice.save({
    ...rest,
    // What kept the pass from doing its work may be set up otherwise next time: then everything is read.
    ...(findings.length > 0 ? { watermark: undefined } : {}),
    ...(pass.next === undefined || findings.length > 0 || isUncertain(pass) ? {} : { watermark: pass.next }),
    ...(linking === undefined ? {} : { linking }),
    lastPass: ended,
    ...(lastWalkAt === undefined ? {} : { lastWalkAt }),
    pendingRows: pending.waiting + pending.failed + pending.acrossUnits,
  });
  if (!slice.isRehearsal) recordTableState(parts, stateKey.table, slice.state);
  return ended;
}

/** The warning that rows could not be written, where some could not. */
export const failedRowsWarning = (rows: number): string[] =>
  rows === 0
    ? []
    : [
        `${counted(rows, 'row')} could not be written; ${agreeing(rows, 'it is listed with its reason, and every later run tries it', 'each is listed with its reason, and every later run tries them')} again.`,
      ];

/** Whether the map changed a moment ago, and later than the pass before has seen: a clock that is off looks in vain once. */
function isGrowing({ parts, pass, state }: Slice): boolean {
  const isNew = pass.newestChange > (state.lastPass?.newestChange ?? 0);
  return isNew && pass.newestChange > Date.parse(pass.startedAt) - parts.options.settlingIntervalMs;
}

/**
 * A slice was lost at the very beginning of the reading, and the map changed since: a late write of that slice may undo what
 * this pass made of the change, which the next watermark leaves behind. So the watermark stays, and another pass reads
 * the same changes again.
 */
function isUncertain({ lostSliceAt, newestChange }: Pass): boolean {
  return lostSliceAt !== undefined && newestChange >= Date.parse(lostSliceAt) - clockDifferenceMs;
}

async function countPending(slice: Slice): Promise<Pending> {
  const { waiting, failed } = slice.pass.counters;
  const unlinked = { waiting: 0, failed: 0, acrossUnits: 0, keyUnusable: 0 };
  if (slice.isRehearsal) return { waiting, newlyWaiting: 0, failed, acrossUnits: 0, unlinked, sample: [] };
  const count = { waiting: 0, newlyWaiting: 0, failed: 0, acrossUnits: 0, unlinked, sample: [] as string[] };
  if (!slice.mayHavePending) return count;
  for await (const row of slice.parts.pendingRows.all(slice.stateKey.table)) {
    const { id, cause, firstTriedAt } = row;
    count[cause]++;
    if (row.isLinked !== true) unlinked[isMapRow(row) ? 'keyUnusable' : cause]++;
    if (cause === 'waiting' && firstTriedAt >= slice.permission.receivedAt) count.newlyWaiting++;
    if (cause === 'waiting' && count.sample.length < waitingRowsNamed) count.sample.push(id);
  }
  return count;
}
