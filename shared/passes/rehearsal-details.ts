import { changedRows } from '../contracts/counters.ts';
import { counted } from '../counted.ts';
import { logicOnUpdate } from '../dataverse/logic-on-update.ts';
import { isTerminalError } from '../errors.ts';
import { assumedRowsPerSecond, estimatedRowsPerRequest, tellingRows } from '../runs/limits.ts';
import type { EndedPass } from '../state/link-states.ts';
import type { Slice } from './slice.ts';

/** How many requests so many writes would take, and how long, by what the last pass tells. */
export function estimateOf(writes: number, last: EndedPass | undefined): string {
  const measured = speedOf(last);
  const seconds = Math.ceil(writes / (measured ?? assumedRowsPerSecond));
  const basis = measured === undefined ? 'assumed' : 'as in the last run';
  return `Estimate: ${counted(Math.ceil(writes / estimatedRowsPerRequest), 'bulk request')}, ${durationOf(seconds)} at ${measured ?? assumedRowsPerSecond} rows per second (${basis}).`;
}

/** What updates of a column would set off, for each row. */
export async function firedBy({ parts, stateKey, signal }: Slice, column: string): Promise<string[]> {
  try {
    const found = await logicOnUpdate(parts.dataverse, { table: stateKey.table, column }, signal);
    if (found.length === 0) return ['No plug-in step, workflow or flow would be set off by these updates.'];
    const names = found.map(({ kind, name, isSynchronous }) => `${kind} "${name}"${isSynchronous ? ' (in line)' : ''}`);
    return [`Each updated row would set off: ${names.join(', ')}.`];
  } catch (error) {
    if (!isTerminalError(error)) throw error;
    return [`What the updates would set off could not be read: ${error.message}`];
  }
}

/** Rows per second of the last run, if it wrote enough rows to tell. */
function speedOf(last: EndedPass | undefined): number | undefined {
  if (last?.workedMs === undefined) return undefined;
  const rows = changedRows(last.counters);
  return rows < tellingRows || last.workedMs <= 0 ? undefined : Math.max(1, Math.round((1000 * rows) / last.workedMs));
}

function durationOf(seconds: number): string {
  if (seconds < 90) return `about ${counted(seconds, 'second')}`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `about ${minutes} minutes` : `about ${(minutes / 60).toFixed(1)} hours`;
}
