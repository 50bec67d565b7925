import { changedRows } from '../contracts/counters.ts';
import type { LinkTask } from '../contracts/link-task.ts';
import { firstLinkTask } from '../contracts/link-task.ts';
import type { Run } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import { operatorSource } from '../contracts/unification-event.ts';
import { agreeing, counted } from '../counted.ts';
import { timeOf } from '../runs/parts.ts';
import { endTask } from '../runs/task-record.ts';
import { updateTask } from '../runs/update-task.ts';
import { skippedBy, workOf } from '../runs/work.ts';
import type { EndedPass } from '../state/link-states.ts';
import type { PassParts } from './parts.ts';
import { followUpLine, withoutWaits } from './task-progress.ts';

/** Follow-ups of one run for the sake of links that are to be cleared. */
const mostLooks = 12;

/**
 * Draws the conclusion from a pass that has ended: either its task ends, or, while profiles are still arriving, a
 * follow-up is sent for later. May be called again for the same pass: what was concluded once stays so.
 */
export async function concludePass(parts: PassParts, table: string, ended: EndedPass): Promise<void> {
  const key = { runId: ended.runId, table };
  const run = (await parts.runs.find(ended.runId))?.value;
  const task = (await parts.runs.findTask(ended.runId, table))?.value;
  if (run === undefined || task === undefined || isFinal(task.status) || task.passes > ended.followUp) return;

  const { counters, workedMs, coverage } = ended;
  const passes = ended.followUp + 1;
  const told = { ...(workedMs === undefined ? {} : { workedMs }), ...(coverage === undefined ? {} : { coverage }) };
  const followUp = followUpOf(parts, run, ended);
  if (followUp !== undefined) {
    const { at, reason } = followUp;
    const next: LinkTask = { ...firstLinkTask(run.runId, table), followUp: passes, dueAt: timeOf(at) };
    await parts.messenger.sendLinkTasks([next], at);
    await updateTask(parts, key, 'note', ({ details }) => ({
      counters,
      passes,
      ...told,
      details: unique([...withoutWaits(details), ...ended.details, followUpLine(at, reason)]),
    }));
    return;
  }
  const { findings = [] } = ended;
  if (findings.length > 0 && ended.warnings.length === 0 && changedRows(counters) === 0) {
    const skipped = skippedBy(workOf(parts.works, task) ?? parts.works[0], findings);
    await endTask(parts, key, 'a requirement fails', ({ details }) => ({
      passes,
      ...told,
      findings: skipped.findings,
      details: unique([...skipped.details, ...withoutWaits(details), ...ended.details]),
    }));
    return;
  }
  // A walk that had something to do is told of as any other.
  const warnings = [...ended.warnings, ...findings.map(({ finding, remedy }) => `${finding} ${remedy}`)];
  const { leaving = 0 } = ended;
  if (leaving > 0) {
    warnings.push(
      `${counted(leaving, 'link')} ${agreeing(leaving, 'has lost its', 'have lost their')} place in the map; a later run clears ${agreeing(leaving, 'it', 'them')} when the map is quiet.`,
    );
  }
  if (counters.waiting > 0) {
    const sample = ended.waitingSample.length > 0 ? `, for example ${ended.waitingSample.join(', ')}` : '';
    warnings.push(
      `${counted(counters.waiting, 'row')} still ${agreeing(counters.waiting, 'waits for its profile; every later run tries it', 'wait for their profile; every later run tries them')} again${sample}.`,
    );
  }
  await endTask(parts, key, warnings.length > 0 ? 'linked with warnings' : 'all is linked', ({ details }) => ({
    counters,
    findings,
    passes,
    ...told,
    details: unique([...warnings, ...withoutWaits(details), ...ended.details]),
  }));
}

/**
 * Unification completed is not hydration completed: while rows wait for their profile, or the map changed until a
 * moment ago, another pass looks again, until it finds nothing more or the settling time is over. Nor has hydration
 * always begun when the event comes: no conclusion is drawn from a pass that began sooner than a settling interval
 * after it.
 */
function followUpOf(
  parts: PassParts,
  run: Run,
  { newlyWaiting = 0, growing, startedAt, followUp, leaving = 0 }: EndedPass,
): { readonly at: number; readonly reason: string } | undefined {
  if (run.mode === 'rehearsal') return undefined;
  if (run.cancelRequestedAt !== undefined) return undefined;
  const { settlingIntervalMs, settlingLimitMs } = parts.options;
  const now = parts.now();
  if (now - Date.parse(run.receivedAt) >= settlingLimitMs) return undefined;
  // A clock behind the broker's finds each follow-up due at once: no more of them than there is time for.
  if (followUp * settlingIntervalMs >= settlingLimitMs) return undefined;
  // A profile that did not come in the time of an earlier run is not waited for again: the run would last as long each time.
  if (newlyWaiting > 0) {
    const reason = `${counted(newlyWaiting, 'row')} ${agreeing(newlyWaiting, 'waits for its', 'wait for their')} profile`;
    return { at: now + settlingIntervalMs, reason };
  }
  // Where a clock is off, looking again is over at once; then a later run sees to it.
  if (leaving > 0 && followUp < mostLooks) {
    const reason = `${counted(leaving, 'link')} ${agreeing(leaving, 'has lost its', 'have lost their')} place in the map and ${agreeing(leaving, 'is', 'are')} cleared once it is quiet`;
    return { at: now + settlingIntervalMs, reason };
  }
  if (growing) return { at: now + settlingIntervalMs, reason: 'what the unification changed was still arriving' };
  // An operator asks for what is there now. Whatever the clocks say, one look back is enough.
  if (run.source === operatorSource || followUp > 0) return undefined;
  const settledAt = Math.min(Date.parse(run.occurredAt), Date.parse(run.receivedAt)) + settlingIntervalMs;
  if (Date.parse(startedAt) >= settledAt) return undefined;
  return { at: Math.max(now, settledAt), reason: 'what the unification changed may not have reached Dataverse yet' };
}

const unique = (lines: readonly string[]): string[] => [...new Set(lines)];
