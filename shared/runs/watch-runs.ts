import type { RunWithTasks } from '../contracts/run.ts';
import { logTextOf } from '../errors.ts';
import { announceEnd } from './announce.ts';
import { endRunIfDone } from './end-run.ts';
import { halfRecordedMs } from './limits.ts';
import { continueRun } from './orchestrate-run.ts';
import type { RunParts } from './parts.ts';
import { prune } from './prune.ts';
import { reportState } from './report-state.ts';
import { findStalled, sendAgain } from './stalled-tasks.ts';
import { sendKeptEvents } from './take-diagnostic-log.ts';

/**
 * Finds what was lost between a record and a send, and sends it again: an event that was kept, a run without tasks, a
 * task without a message, a run whose last task ended and that did not end itself, an end that could not be told. Reports
 * how everything stands. Removes runs older than the retention period. What fails of one run stops nothing else.
 */
export async function watchRuns(parts: RunParts): Promise<void> {
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      parts.telemetry.log('error', 'Part of the watch failed; the rest goes on', { what, reason: logTextOf(error) });
    }
  };
  await attempt('kept events', () => sendKeptEvents(parts));
  const open: RunWithTasks[] = [];
  await attempt('open runs', async () => {
    for await (const runId of parts.runs.open()) {
      const run = await parts.runs.show(runId);
      if (run !== undefined) open.push(run);
    }
  });
  for (const run of open) await attempt(`run ${run.runId}`, () => watchRun(parts, run, open));
  // After what was just moved on, and before what may take long.
  await attempt('report', () => reportState(parts, open));
  await attempt('pruning', () => prune(parts));
}

async function watchRun(parts: RunParts, run: RunWithTasks, open: readonly RunWithTasks[]): Promise<void> {
  const { runId } = run;
  if (run.endedAt !== undefined) {
    if (run.unannounced === undefined) await parts.runs.close(runId);
    else await announceEnd(parts, run);
    return;
  }
  if (run.tasks.length < run.tables.length) {
    if (parts.now() - Date.parse(run.receivedAt) <= halfRecordedMs) return;
    await parts.runs.setAsideUnreadableTasks(runId);
    await continueRun(parts, run);
    return;
  }
  for (const stalled of findStalled(parts, run, open)) await sendAgain(parts, stalled);
  await endRunIfDone(parts, runId);
}
