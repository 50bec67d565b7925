import type { Counters } from '../contracts/counters.ts';
import type { LinkState } from '../state/link-states.ts';
import type { RunParts } from './parts.ts';

/** Counts the rows that a step of a pass has dealt with: what it added to the pass's counters. */
export function countRows(
  { telemetry }: Pick<RunParts, 'telemetry'>,
  table: string,
  before: Counters,
  after: Counters,
): void {
  const { read: _, ...outcomes } = after;
  for (const [outcome, rows] of Object.entries(outcomes) as [keyof typeof outcomes, number][]) {
    const more = rows - (before[outcome] ?? 0);
    if (more > 0) telemetry.count('backstamp.rows', more, { table, outcome });
  }
}

/** Reports how old a table's watermark is, and how its rows stand, as its link state has it. */
export function recordTableState(
  { telemetry, now }: Pick<RunParts, 'telemetry' | 'now'>,
  table: string,
  state: LinkState,
): void {
  const { watermark, lastPass, pendingRows } = state;
  if (watermark !== undefined) {
    const ageSeconds = (now() - Date.parse(watermark.takenAt)) / 1000;
    telemetry.record('backstamp.watermark.age', ageSeconds, { table });
  }
  // Before its first pass ends a table has no pending rows to speak of.
  if (lastPass === undefined) return;
  const acrossUnits = Math.min(lastPass.acrossUnits ?? 0, pendingRows);
  const waiting = Math.min(lastPass.counters.waiting, pendingRows - acrossUnits);
  const rows = { waiting, failed: pendingRows - waiting - acrossUnits, acrossUnits };
  for (const [reason, count] of Object.entries(rows)) {
    telemetry.record('backstamp.pending_rows', count, { table, reason });
  }
  if (lastPass.coverage === undefined) return;
  const { rows: all, linked, notLinked } = lastPass.coverage;
  telemetry.record('backstamp.coverage', all === 0 ? 100 : (100 * linked) / all, { table });
  for (const [reason, count] of Object.entries(notLinked)) {
    telemetry.record('backstamp.unlinked_rows', count, { table, reason });
  }
}
