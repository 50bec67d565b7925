import { counted } from '../counted.ts';
import { isTerminalError } from '../errors.ts';
import type { Pending } from '../passes/commit-pass.ts';
import type { Coverage } from '../state/linking-state.ts';
import type { LinkingSlice } from './linking-pass.ts';

/**
 * How many rows a table has, how many are linked, and why the others are not; without a walk: the table's number of rows
 * is Dataverse's own, up to a day old. Undefined where Dataverse has none.
 */
export async function coverageOf(
  { parts, stateKey, signal }: LinkingSlice,
  linked: number,
  { waiting, failed, acrossUnits }: Pick<Pending, 'waiting' | 'failed' | 'acrossUnits'>,
): Promise<Coverage | undefined> {
  const rows = await parts.dataverse.countRows(stateKey.table, signal).catch((error: unknown) => {
    if (!isTerminalError(error)) throw error;
    return undefined;
  });
  if (rows === undefined) return undefined;
  // Some that wait have the link of an older map row, and the number of rows is older than all the others.
  const notInMap = Math.max(0, rows - linked - waiting - failed - acrossUnits);
  return { rows: Math.max(rows, linked), linked, waiting, failed, acrossUnits, notInMap };
}

/** Coverage as an operator reads it: "99.1 % linked; 207 not: 200 not in the map, 7 wait for their profile." */
export function coverageText({ rows, linked, waiting, failed, acrossUnits, notInMap }: Coverage): string {
  const share = rows === 0 ? '100' : ((100 * linked) / rows).toFixed(1);
  const reasons = [
    [notInMap, 'not in the map'],
    [waiting, 'waiting for their profile'],
    [failed, 'refused, or without a usable key'],
    [acrossUnits, 'of another business unit than their profile'],
  ] as const;
  const why = reasons.filter(([count]) => count > 0).map(([count, reason]) => `${count} ${reason}`);
  const rest = why.length === 0 ? '' : `; ${Math.max(0, rows - linked)} not: ${why.join(', ')}`;
  return `${share} % of about ${counted(rows, 'row')} linked${rest}.`;
}
