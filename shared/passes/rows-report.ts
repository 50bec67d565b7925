import { type Counters, noRows } from '../contracts/counters.ts';
import type { UpdateReport } from '../dataverse/dataverse.ts';
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
  /** Not every row was sent: the signal was aborted first, or `stopped` says why. */
  readonly isPartial: boolean;
  /** Why nothing more can be written, for now or for good. */
  readonly stopped?: Error | undefined;
}

/** What became of no rows. */
export const nothingDone: RowsReport = { counters: noRows, outcomes: [], keep: [], settled: [], isPartial: false };

/**
 * How an update ended, for the report of its rows.
 * @throws what stopped it, where nothing was written: then there is nothing to report
 */
export function endOf({ written, unsent, stopped }: UpdateReport): Pick<RowsReport, 'isPartial' | 'stopped'> {
  if (stopped === undefined) return { isPartial: unsent.length > 0 };
  if (written.length === 0) throw stopped;
  return { isPartial: true, stopped };
}
