import type { Coverage } from '../contracts/coverage.ts';
import type { Hold } from '../contracts/hold.ts';
import { isTerminalError } from '../errors.ts';
import type { Pending } from '../passes/commit-pass.ts';
import type { LinkingSlice } from './linking-pass.ts';

/**
 * How many rows a table has, how many are linked, and why the others are not; without a walk: the table's number of rows
 * is Dataverse's own, up to a day old. Undefined where Dataverse has none.
 */
export async function coverageOf(
  { parts, stateKey, signal }: LinkingSlice,
  {
    linkedRows,
    uncleared,
    holds,
    unlinked,
  }: {
    /** Rows that have a link, right or not. */
    readonly linkedRows: number;
    /** Those of them whose link Dataverse refused to clear. */
    readonly uncleared: number;
    readonly holds: readonly Hold[];
    readonly unlinked: Pending['unlinked'];
  },
): Promise<Coverage | undefined> {
  const rows = await parts.dataverse.countRows(stateKey.table, signal).catch((error: unknown) => {
    if (!isTerminalError(error)) throw error;
    return undefined;
  });
  if (rows === undefined) return undefined;
  const held = heldRows(holds);
  const linked = Math.max(0, linkedRows - held - uncleared);
  const notLinked = { ...unlinked, failed: unlinked.failed + uncleared, held };
  const known = Object.values(notLinked).reduce((sum, count) => sum + count, linked);
  // The number of rows is older than all the others.
  return { rows: Math.max(rows, known), linked, notLinked: { notInMap: Math.max(0, rows - known), ...notLinked } };
}

/** Rows that brakes hold; whoever holds all moves holds those to one profile too. */
function heldRows(holds: readonly Hold[]): number {
  const of = (kind: Hold['kind']): number | undefined => holds.find((hold) => hold.kind === kind)?.count;
  return (of('move') ?? of('oneProfile') ?? 0) + (of('clear') ?? 0);
}
