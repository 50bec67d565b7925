import type { LinkState, Slot } from '../state/link-states.ts';
import type { Parts } from './parts.ts';
import { LostRaceError } from './slice.ts';
import { endTask } from './task-record.ts';

/** Ends a task that repeating cannot help. Its pass is forgotten, so that the next run begins afresh. */
export async function failTask(
  parts: Parts,
  { runId, table }: { readonly runId: string; readonly table: string },
  reason: string,
): Promise<void> {
  const run = await parts.runs.find(runId);
  const slot: Slot = run?.value.mode === 'rehearsal' ? { table, rehearsalOf: runId } : { table };
  for (;;) {
    const { state, etag } = await parts.linkStates.load(slot);
    if (state.pass?.runId !== runId) break;
    try {
      await dropPass(parts, slot, state, etag);
      break;
    } catch (error) {
      // A slice made a checkpoint in between: look again, or it would carry on for a task that has ended.
      if (!(error instanceof LostRaceError)) throw error;
    }
  }
  await endTask(parts, { runId, table }, 'cannot go on', (task) => ({ details: [reason, ...task.details] }));
}

/**
 * Forgets a pass in progress; the watermark stays where it was, so the next pass reads the same changes again.
 * @throws LostRaceError where another writer changed the state
 */
export async function dropPass(parts: Parts, slot: Slot, state: LinkState, etag: string): Promise<void> {
  if (state.pass === undefined) return;
  const { pass: _, ...rest } = state;
  if ((await parts.linkStates.save(slot, rest, etag)) === undefined) {
    throw new LostRaceError(`Another writer changed the link state of ${slot.table}`);
  }
}
