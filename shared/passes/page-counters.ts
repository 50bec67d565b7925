import { type Counters, noRows } from '../contracts/counters.ts';
import type { RowsReport } from './rows-report.ts';
import type { Slice } from './slice.ts';

/** Ends a slice in the midst of a page: what was written is counted now, and not again when the page is tried anew. */
export async function endInPage(
  slice: Slice,
  { counters: { linked, relinked, cleared, assigned }, stopped }: Pick<RowsReport, 'counters' | 'stopped'>,
): Promise<never> {
  const { pass } = slice;
  const written = linked + relinked + (assigned ?? 0);
  const owners = assigned === undefined ? {} : { assigned };
  slice.isPageUntried = false;
  const counters = slice.add({ ...noRows, linked, relinked, cleared, ...owners, read: written });
  return slice.endHere({ carried: pass.carried + written, counters }, stopped);
}

/** A page's counters without rows that an earlier slice wrote and counted: they come back as unchanged. */
export function withoutCarried(counters: Counters, carried: number): Counters {
  const again = Math.min(carried, counters.unchanged);
  return { ...counters, unchanged: counters.unchanged - again, read: counters.read - again };
}
