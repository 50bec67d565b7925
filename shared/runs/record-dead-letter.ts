import type { z } from 'zod';
import { parseUnificationEvent } from '../contracts/foreign-event.ts';
import { linkTaskMessageId, linkTaskSchema } from '../contracts/link-task.ts';
import { linkTasksQueue, unificationEventsQueue } from '../contracts/queues.ts';
import { stateKeyOf } from '../state/link-states.ts';
import { endRunIfDone } from './end-run.ts';
import { failTask } from './fail-task.ts';
import { newRun, recordTasks } from './orchestrate-run.ts';
import type { RunParts } from './parts.ts';

/** Why the broker set a message aside, as it says itself. */
export interface DeadLetterReason {
  readonly messageId?: string | undefined;
  readonly reason: string | undefined;
  readonly description: string | undefined;
}

const words = (queue: string, { reason, description }: DeadLetterReason): string => {
  const why = [reason, description].filter(Boolean).join(': ') || 'no reason given';
  return `The message on queue ${queue} could not be processed (${why}). See the log for the failure, then start a run again.`;
};

/**
 * Ends the task of a message that could not be processed, so that none stays Refreshing for ever. A message that was
 * given up only because its workers died, while it moved the pass on, is no such message: the work goes on.
 */
export async function recordDeadTask(parts: RunParts, body: unknown, reason: DeadLetterReason): Promise<void> {
  parts.telemetry.count('backstamp.dead_letters', 1, { queue: linkTasksQueue });
  const message = linkTaskSchema.safeParse(body);
  if (!message.success) return logUnreadable(parts, linkTasksQueue, reason, message.error);
  const task = message.data;
  const run = (await parts.runs.find(task.runId))?.value;
  const key = run === undefined ? { table: task.table } : stateKeyOf(run, task.table);
  const { state } = await parts.linkStates.load(key);
  if (state.pass?.movedBy === linkTaskMessageId(task)) {
    parts.telemetry.log('warn', 'Workers died again and again; the task goes on', { ...task, ...reason });
    await parts.messenger.sendLinkTasks([{ ...task, slice: task.slice + 1, failures: 0 }]);
    return;
  }
  await failTask(parts, task, words(linkTasksQueue, reason));
}

/** Records the run of an event that could not be processed, and ends every task that the orchestrator left without an end. */
export async function recordDeadEvent(parts: RunParts, body: unknown, reason: DeadLetterReason): Promise<void> {
  parts.telemetry.count('backstamp.dead_letters', 1, { queue: unificationEventsQueue });
  const event = parseUnificationEvent(body, { now: parts.now() });
  if (!event.success) return logUnreadable(parts, unificationEventsQueue, reason, event.error);
  const run = (await parts.runs.record(newRun(parts, event.data)))?.value;
  if (run === undefined) return;
  parts.telemetry.log('error', 'A unification event could not be processed', { runId: run.runId, ...reason });
  if (run.endedAt !== undefined) return;
  await recordTasks(parts, run);
  const shown = await parts.runs.show(run.runId);
  for (const { table, status } of shown?.tasks ?? []) {
    // A task that is at work had its message; it ends by itself.
    if (status === 'Queued') await failTask(parts, { runId: run.runId, table }, words(unificationEventsQueue, reason));
  }
  await endRunIfDone(parts, run.runId);
}

function logUnreadable(parts: RunParts, queue: string, reason: DeadLetterReason, { issues }: z.ZodError): void {
  // The places alone: what stands there may be anybody's.
  const faults = issues
    .map(({ path }) => path.join('.') || 'body')
    .slice(0, 10)
    .join(', ');
  parts.telemetry.log('error', 'A message that nobody understands is dropped', { queue, faults, ...reason });
}
