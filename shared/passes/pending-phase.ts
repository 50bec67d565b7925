import { type Counters, noRows } from '../contracts/counters.ts';
import { pendingRowsAtOnce, pendingRowsRemembered } from '../runs/limits.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { CursorPass } from './phases.ts';
import type { RowsReport } from './rows-report.ts';
import type { Change, Kind, Slice } from './slice.ts';

/** What became of some pending rows that were tried again, each of them, and what else the pass has learnt with that. */
export interface TriedAgain<P> {
  readonly report: RowsReport;
  readonly change: Change<P>;
}
export type TryAgain<P> = (rows: readonly PendingRow[]) => Promise<TriedAgain<P>>;

/** Tries every pending row again. */
export async function retryPendingRows<P extends CursorPass>(
  slice: Slice<Kind & { readonly pass: P }>,
  tryAgain: TryAgain<P>,
): Promise<void> {
  const { parts, stateKey } = slice;
  for (;;) {
    await slice.stopIfTimeIsUp();
    const page = await parts.pendingRows.page(stateKey.table, slice.pass.cursor, pendingRowsAtOnce);
    const last = page.at(-1);
    if (last === undefined) return;

    const { report, change } = await tryAgain(page);
    await slice.record(report, new Map(page.map((row) => [row.id, row])));
    if (report.isPartial) {
      // What is still pending is tried, and counted, again by the next slice.
      await slice.endHere({ counters: slice.add(settledOnly(report)) } as Change<P>, report.stopped);
    }
    await slice.checkpoint({ ...change, cursor: last.id, counters: slice.add(report.counters) } as Change<P>);
  }
}

/** The rows that are pending as the reading begins, by id, so that those it deals with can be let go. */
export async function rememberPendingRows(slice: Slice): Promise<Map<string, PendingRow>> {
  const known = new Map<string, PendingRow>();
  if (slice.isRehearsal) return known;
  const { pass, state } = slice;
  // Nothing was pending when the pass began, and this is its first slice: there is nothing to remember.
  if (state.pendingRows === 0 && pass.slices <= 1) return known;
  for await (const row of slice.parts.pendingRows.all(slice.stateKey.table)) {
    known.set(row.id, row);
    if (known.size >= pendingRowsRemembered) break;
  }
  return known;
}

const settledOnly = ({ counters: { linked, relinked, cleared, unchanged, gone, assigned } }: RowsReport): Counters => ({
  ...noRows,
  read: linked + relinked + unchanged + gone + (assigned ?? 0),
  linked,
  relinked,
  cleared,
  unchanged,
  gone,
  ...(assigned === undefined ? {} : { assigned }),
});
