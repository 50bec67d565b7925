import type { ListedRun } from '../state/runs.ts';
import { outcomesPrunedAtOnce, runsPrunedAtOnce } from './limits.ts';
import type { RunParts } from './parts.ts';

/**
 * Removes runs that ended and are older than the retention period, with all that was kept of them; as many as one beat
 * of the watch has time for.
 */
export async function prune(parts: RunParts): Promise<void> {
  const before = new Date(parts.now() - parts.options.retentionMs).toISOString();
  const old: ListedRun[] = [];
  for await (const listed of parts.runs.receivedBefore(before)) {
    const run = await parts.runs.find(listed.runId);
    // One that nobody can read has no end either, and goes all the same.
    if (run === undefined || run.value.endedAt !== undefined) old.push(listed);
    if (old.length >= runsPrunedAtOnce) break;
  }
  // Before what may be left for later: they are few.
  await parts.runs.dropOrders({ before });
  let outcomes = outcomesPrunedAtOnce;
  for (const listed of old) {
    const { runId } = listed;
    for (const table of await parts.runs.tablesOf(runId)) {
      outcomes -= await parts.rowOutcomes.remove(runId, table, outcomes);
      if (outcomes <= 0) {
        parts.telemetry.log('info', 'A run has more outcomes than are removed at once; the rest goes later', {
          runId,
          table,
        });
        return;
      }
      await parts.linkStates.removeRehearsal(runId, table);
    }
    await parts.runs.remove(listed);
  }
  if (old.length > 0) parts.telemetry.log('info', 'Old runs removed', { runs: old.length, before });
}
