import type { LinkTask } from '../contracts/link-task.ts';
import { firstLinkTask } from '../contracts/link-task.ts';
import type { Run } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import type { EndedPass } from '../state/link-states.ts';
import { agreeing, counted } from './counted.ts';
import type { Parts } from './parts.ts';
import { followUpLine, withoutWaits } from './task-progress.ts';
import { endTask, updateTask } from './task-record.ts';

/**
 * Draws the conclusion from a pass that has ended: either its task ends, or, while profiles are still arriving, a
 * follow-up is sent for later. May be called again for the same pass: what was concluded once stays so.
 */
export async function concludePass(parts: Parts, table: string, ended: EndedPass): Promise<void> {
  const key = { runId: ended.runId, table };
  const run = (await parts.runs.find(ended.runId))?.value;
  const task = (await parts.runs.findTask(ended.runId, table))?.value;
  if (run === undefined || task === undefined || isFinal(task.status) || task.passes > ended.followUp) return;

  const { counters } = ended;
  const passes = ended.followUp + 1;
  if (needsFollowUp(parts, run, ended)) {
    const next: LinkTask = { ...firstLinkTask(run.runId, table), followUp: passes };
    const at = parts.now() + parts.options.settlingIntervalMs;
    await parts.messenger.sendLinkTasks([next], at);
    const reason =
      counters.waiting > 0
        ? `${counted(counters.waiting, 'row')} ${agreeing(counters.waiting, 'waits for its', 'wait for their')} profile`
        : 'the map was still changing';
    await updateTask(parts, key, 'note', ({ details }) => ({
      counters,
      passes,
      details: unique([...withoutWaits(details), ...ended.details, followUpLine(at, reason)]),
    }));
    return;
  }
  const warnings = [...ended.warnings];
  if (counters.waiting > 0) {
    const sample = ended.waitingSample.length > 0 ? `, for example ${ended.waitingSample.join(', ')}` : '';
    warnings.push(
      `${counted(counters.waiting, 'row')} still ${agreeing(counters.waiting, 'waits for its profile; every later run tries it', 'wait for their profile; every later run tries them')} again${sample}.`,
    );
  }
  await endTask(parts, key, warnings.length > 0 ? 'linked with warnings' : 'all is linked', ({ details }) => ({
    counters,
    passes,
    details: unique([...warnings, ...withoutWaits(details), ...ended.details]),
  }));
}

/**
 * Unification completed is not hydration completed: while rows wait for their profile, or the map changed until a
 * moment ago, another pass looks again, until it finds nothing more or the settling time is over.
 */
function needsFollowUp(parts: Parts, run: Run, ended: EndedPass): boolean {
  if (run.mode !== 'incremental' && run.mode !== 'full') return false;
  if (run.cancelRequestedAt !== undefined) return false;
  if (parts.now() - Date.parse(run.receivedAt) >= parts.options.settlingLimitMs) return false;
  return ended.counters.waiting > 0 || ended.growing;
}

const unique = (lines: readonly string[]): string[] => [...new Set(lines)];
