import { addCounters, changedRows } from '../contracts/counters.ts';
import type { Finding } from '../contracts/run.ts';
import { type LinkState, LostRaceError, type StateKey, stateKeyOf } from '../state/link-states.ts';
import type { RunParts } from './parts.ts';
import { endTask } from './task-record.ts';
import { updateTask } from './update-task.ts';
import { skippedBy, workOf } from './work.ts';

/**
 * Ends a task that repeating cannot help. Its pass is forgotten, so that the next run begins afresh. Where the reason
 * is a requirement that does not hold, and no row was changed yet, the task counts as skipped, not as failed.
 */
export async function failTask(
  parts: RunParts,
  { runId, table }: { readonly runId: string; readonly table: string },
  reason: string,
  requirement?: Finding,
): Promise<void> {
  const run = await parts.runs.find(runId);
  const stateKey = run === undefined ? { table } : stateKeyOf(run.value, table);
  for (;;) {
    const { state, etag } = await parts.linkStates.load(stateKey);
    if (state.pass?.runId !== runId) break;
    try {
      await dropPass(parts, stateKey, state, etag);
      break;
    } catch (error) {
      // A slice made a checkpoint in between: look again, or it would carry on for a task that has ended.
      if (!(error instanceof LostRaceError)) throw error;
    }
  }
  const key = { runId, table };
  const before = (await parts.runs.findTask(runId, table))?.value;
  if (requirement === undefined || (before !== undefined && changedRows(before.counters) > 0)) {
    await endTask(parts, key, 'cannot go on', (task) => ({ details: [reason, ...task.details] }));
    return;
  }
  await endTask(parts, key, 'a requirement fails', (task) => {
    const skipped = skippedBy(workOf(parts.works, task) ?? parts.works[0], [requirement]);
    return { ...skipped, details: [...skipped.details, ...task.details] };
  });
}

/**
 * Forgets a pass in progress; the watermark stays where it was, so the next pass reads the same changes again. What the
 * pass has counted is its task's before.
 * @throws LostRaceError where another writer changed the state
 */
export async function dropPass(parts: RunParts, stateKey: StateKey, state: LinkState, etag: string): Promise<void> {
  if (state.pass === undefined) return;
  const { pass, ...rest } = state;
  await updateTask(parts, { runId: pass.runId, table: stateKey.table }, 'note', () => ({
    counters: addCounters(pass.base, pass.counters),
  }));
  await parts.linkStates.save(stateKey, rest, etag);
}
