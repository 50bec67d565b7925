import { type Counters, noRows } from '../contracts/counters.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';

/** A row that is as it has to be. */
export interface Settled {
  readonly id: string;
  /** Whether what was pending for the row is settled with that too; absent: in any case. */
  readonly settles?: (pending: PendingRow) => boolean;
}

/** What became of a set of rows. */
export interface RowsReport {
  readonly counters: Counters;
  readonly outcomes: readonly RowOutcome[];
  /** Rows to keep as pending, and rows that are so no longer. */
  readonly keep: readonly PendingRow[];
  readonly settled: readonly Settled[];
  /** The signal was aborted before every row was sent. */
  readonly isPartial: boolean;
}

/** What became of no rows. */
export const nothingDone: RowsReport = { counters: noRows, outcomes: [], keep: [], settled: [], isPartial: false };
