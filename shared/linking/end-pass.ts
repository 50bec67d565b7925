import type { LinkTask } from '../contracts/link-task.ts';
import { firstLinkTask } from '../contracts/link-task.ts';
import type { Run } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import type { EndedPass } from '../state/link-states.ts';
import { type Parts, timeOf } from './parts.ts';
import { endTask, updateTask } from './task-record.ts';

/**
 * Draws the conclusion from a pass that has ended: either its task ends, or, while profiles are still arriving, a
 * follow-up is sent for later. May be called again for the same pass: what was done is not done twice.
 */
export async function concludePass(parts: Parts, run: Run, table: string, ended: EndedPass): Promise<void> {
  const task = await parts.runs.findTask(run.runId, table);
  if (task === undefined || isFinal(task.value.status) || task.value.passes > ended.followUp + 1) return;

  if (needsFollowUp(parts, run, ended)) {
    if (task.value.passes === ended.followUp + 1) return;
    const next: LinkTask = { ...firstLinkTask(run.runId, table), followUp: ended.followUp + 1 };
    await parts.messenger.sendLinkTasks([next], parts.now() + parts.options.settlingIntervalMs);
    await updateTask(parts, run.runId, table, (current) => ({
      ...current,
      counters: ended.counters,
      passes: ended.followUp + 1,
      details: unique([...current.details, ...ended.details, waitingText(parts, ended)]),
    }));
    return;
  }
  const warnings = [...ended.warnings];
  if (ended.counters.waiting > 0) {
    warnings.push(`${ended.counters.waiting} rows still wait for their profile; every later run tries them again.`);
  }
  await endTask(parts, run.runId, table, warnings.length > 0 ? 'Completed with warnings' : 'Successful', (current) => ({
    counters: ended.counters,
    passes: ended.followUp + 1,
    details: unique([
      ...warnings,
      ...current.details.filter((line) => !line.startsWith(waitingPrefix)),
      ...ended.details,
    ]),
  }));
}

/**
 * Unification completed is not hydration completed: while rows wait for their profile, or the map changed until a
 * moment ago, another pass looks again, until it finds nothing more or the settling time is over.
 */
function needsFollowUp(parts: Parts, run: Run, ended: EndedPass): boolean {
  if (run.mode !== 'incremental' && run.mode !== 'full') return false;
  if (parts.now() - Date.parse(run.receivedAt) >= parts.options.settlingLimitMs) return false;
  return ended.counters.waiting > 0 || ended.growing;
}

const waitingPrefix = 'Looking again after ';

function waitingText(parts: Parts, ended: EndedPass): string {
  const time = timeOf(parts.now() + parts.options.settlingIntervalMs);
  const reason =
    ended.counters.waiting > 0 ? `${ended.counters.waiting} rows wait for their profile` : 'the map was still changing';
  return `${waitingPrefix}${time}: ${reason}.`;
}

const unique = (lines: readonly string[]): string[] => [...new Set(lines)];
