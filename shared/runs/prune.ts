import type { ListedRun } from '../state/runs.ts';
import { runsPrunedAtOnce } from './limits.ts';
import type { RunParts } from './parts.ts';

/** Removes runs that ended and are older than the retention period, with all that was kept of them. */
export async function prune(parts: RunParts): Promise<void> {
  const before = new Date(parts.now() - parts.options.retentionMs).toISOString();
  const old: ListedRun[] = [];
  for await (const listed of parts.runs.receivedBefore(before)) {
    const run = await parts.runs.find(listed.runId);
    // One that nobody can read has no end either, and goes all the same.
    if (run === undefined || run.value.endedAt !== undefined) old.push(listed);
    if (old.length >= runsPrunedAtOnce) break;
  }
  for (const listed of old) {
    const { runId } = listed;
    for (const table of await parts.runs.tablesOf(runId)) {
      await parts.rowOutcomes.remove(runId, table);
      await parts.linkStates.removeRehearsal(runId, table);
    }
    await parts.runs.remove(listed);
  }
  await parts.runs.dropOrders({ before });
  if (old.length > 0) parts.telemetry.log('info', 'Old runs removed', { runs: old.length, before });
}
