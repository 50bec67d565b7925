import { noRows } from '../contracts/counters.ts';
import { ownerColumn } from '../customer-insights/owner-columns.ts';
import type { RowUpdate, UpdateReport } from '../dataverse/dataverse.ts';
import { endOf, type RowsReport, type Settled } from '../passes/rows-report.ts';
import type { PendingRow } from '../state/pending-rows.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import type { OwnedRow, Owner } from './owned-row.ts';
import type { OwnershipSlice } from './ownership-context.ts';

/** A row that has another owner than it is to have. */
type Assignment = OwnedRow & { readonly wanted: Owner };

const isAssignment = (row: OwnedRow): row is Assignment =>
  typeof row.wanted === 'object' && row.wanted.id !== row.ownerId;

/** The update that gives a row its owner, and nothing else. */
const ownerUpdate = ({ id, wanted }: Assignment): RowUpdate => ({
  id,
  values: { [`${ownerColumn}@odata.bind`]: `/${wanted.entitySetName}(${wanted.id})` },
});

/**
 * Gives rows the owner they are to have, where they have another, and reports each row. A rehearsal reports as if it had
 * written, and writes nothing.
 */
export async function assignOwners(slice: OwnershipSlice, rows: readonly OwnedRow[]): Promise<RowsReport> {
  const report = await write(slice, rows.filter(isAssignment));
  return { ...account(slice, rows, report), ...endOf(report) };
}

async function write(slice: OwnershipSlice, rows: readonly Assignment[]): Promise<UpdateReport> {
  if (slice.isRehearsal || rows.length === 0) {
    return { written: rows.map(({ id }) => id), gone: [], failed: [], unsent: [] };
  }
  await slice.makeSureOfTable();
  return slice.parts.dataverse.update({
    table: slice.context.table,
    rows: rows.map(ownerUpdate),
    signal: slice.writeSignal,
  });
}

function account(
  slice: OwnershipSlice,
  rows: readonly OwnedRow[],
  report: UpdateReport,
): Pick<RowsReport, 'counters' | 'outcomes' | 'keep' | 'settled'> {
  const { context, pass } = slice;
  const at = slice.now();
  const [gone, unsent] = [new Set(report.gone), new Set(report.unsent)];
  const failures = new Map(report.failed.map((failure) => [failure.id, failure]));
  const counters = { ...noRows, assigned: 0 };
  const outcomes: RowOutcome[] = [];
  const keep: PendingRow[] = [];
  const settled: Settled[] = [];
  const pend = (id: string, cause: 'waiting' | 'failed', reason: string) => {
    counters[cause]++;
    const { runId } = pass;
    keep.push({ id, cause, reason, firstTriedAt: at, lastTriedAt: at, runId });
    outcomes.push({ id, outcome: cause, at, reason });
  };
  for (const row of rows) {
    const { id } = row;
    if (unsent.has(id)) continue;
    counters.read++;
    const failure = failures.get(id);
    if (failure !== undefined) {
      pend(id, 'failed', `Dataverse refused the owner${failure.code ? ` (${failure.code})` : ''}: ${failure.message}`);
    } else if (row.wanted === 'waiting') {
      pend(id, 'waiting', 'The profile that the row follows has not arrived in Dataverse yet.');
    } else {
      settled.push({ id });
      if (gone.has(id)) {
        counters.gone++;
        outcomes.push({ id, outcome: 'gone', at, reason: `${context.table.logicalName} has no such row any more.` });
      } else if (isAssignment(row)) {
        counters.assigned++;
        if (slice.isRehearsal || isMove(slice, row)) outcomes.push(assigned(slice, row, at));
      } else counters.unchanged++;
    }
  }
  return { counters, outcomes, keep, settled };
}

/** Rows that go from one unit's team to another's are told one by one; those that get their first team are counted. */
const isMove = ({ context: { mapping } }: OwnershipSlice, { ownerId }: Assignment): boolean =>
  mapping.teams.some(({ teamId }) => teamId === ownerId);

function assigned({ context: { mapping } }: OwnershipSlice, row: Assignment, at: string): RowOutcome {
  const nameOf = (id: string | undefined) =>
    [...mapping.teams, mapping.root].find(({ teamId }) => teamId === id)?.team ?? id ?? 'nobody';
  return { id: row.id, outcome: 'assigned', at, reason: `From ${nameOf(row.ownerId)} to ${nameOf(row.wanted.id)}.` };
}
