import { type Counters, noRows } from '../contracts/counters.ts';
import type { ReadingPass } from './phases.ts';
import type { RowsReport } from './rows-report.ts';
import type { Change, Slice } from './slice.ts';

/** Ends a slice in the midst of a page: what was written is counted now, and not again when the page is tried anew. */
export async function endInPage(
  slice: Slice,
  { writtenOfPage }: ReadingPass,
  { counters: { linked, relinked, cleared, assigned }, stopped }: Pick<RowsReport, 'counters' | 'stopped'>,
): Promise<never> {
  const written = linked + relinked + (assigned ?? 0);
  const owners = assigned === undefined ? {} : { assigned };
  slice.isNextUntried = false;
  const counters = slice.add({ ...noRows, linked, relinked, cleared, ...owners, read: written });
  const change: Change<ReadingPass> = { writtenOfPage: writtenOfPage + written, counters };
  return slice.endHere(change, stopped);
}

/** A page's counters without rows that an earlier slice wrote and counted: they come back as unchanged. */
export function withoutWritten(counters: Counters, { writtenOfPage }: ReadingPass): Counters {
  const again = Math.min(writtenOfPage, counters.unchanged);
  return { ...counters, unchanged: counters.unchanged - again, read: counters.read - again };
}
