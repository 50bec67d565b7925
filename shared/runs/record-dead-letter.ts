import type { z } from 'zod';
import { parseUnificationEvent } from '../contracts/foreign-event.ts';
import { linkTaskMessageId, linkTaskSchema } from '../contracts/link-task.ts';
import { linkTasksQueue, unificationEventsQueue } from '../contracts/queues.ts';
import { isRetryableError, logTextOf } from '../errors.ts';
import { stateKeyOf } from '../state/link-states.ts';
import { endRunIfDone } from './end-run.ts';
import { failTask } from './fail-task.ts';
import { deadLetterAgainMs, mostFailuresCounted } from './limits.ts';
import { continueRun, recordRun, recordTasks } from './orchestrate-run.ts';
import type { RunParts } from './parts.ts';
import { withRetries } from './with-retries.ts';

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
 * Deals with a dead letter. Its queue gives a letter back without end or pause, so this throws only where neither the
 * state nor a queue can be reached: what may pass is sent for later, anything else is logged and left at that.
 * @param sendForLater sends the message to its own queue, to come at a time (milliseconds)
 */
async function bury(
  parts: RunParts,
  { queue, reason }: { readonly queue: string; readonly reason: DeadLetterReason },
  work: () => Promise<void>,
  sendForLater: (notBefore: number) => Promise<void>,
): Promise<void> {
  try {
    await withRetries(parts, `A dead letter of ${queue}`, work);
  } catch (error) {
    const attributes = { queue, ...reason, fault: logTextOf(error) };
    if (isRetryableError(error)) {
      await withRetries(parts, `Sending a dead letter of ${queue}`, () =>
        sendForLater(parts.now() + deadLetterAgainMs),
      );
      parts.telemetry.log('warn', 'A dead letter is dealt with later', attributes);
      return;
    }
    parts.telemetry.log('error', 'A dead letter could not be dealt with, and is dropped', attributes);
  }
  parts.telemetry.count('backstamp.dead_letters', 1, { queue });
}

/**
 * Ends the task of a message that could not be processed, so that none stays Refreshing for ever. Two kinds go on
 * instead: one that was given up only because its workers died while it moved the pass on, and, once, one that was given
 * up before anybody began to work on it, as a host does that is being stopped.
 */
export async function recordDeadTask(parts: RunParts, body: unknown, reason: DeadLetterReason): Promise<void> {
  const queue = linkTasksQueue;
  const message = linkTaskSchema.safeParse(body);
  if (!message.success) return dropUnreadable(parts, queue, reason, message.error);
  const task = message.data;
  const work = async (): Promise<void> => {
    const run = (await parts.runs.find(task.runId))?.value;
    const key = run === undefined ? { table: task.table } : stateKeyOf(run, task.table);
    const { pass } = (await parts.linkStates.load(key)).state;
    if (pass?.movedBy === linkTaskMessageId(task)) {
      parts.telemetry.log('warn', 'Workers died again and again; the task goes on', { ...task, ...reason });
      return parts.messenger.sendLinkTasks([{ ...task, slice: task.slice + 1, failures: 0 }]);
    }
    // A slice that begins says so in the state before it does anything.
    const hasBegun = pass?.sliceStartedAt !== undefined;
    if (!hasBegun && task.isSentAgain === undefined) {
      parts.telemetry.log('warn', 'A message was given up before anybody began; it is sent again', {
        ...task,
        ...reason,
      });
      return parts.messenger.sendLinkTasks([{ ...task, isSentAgain: true }]);
    }
    await failTask(parts, task, words(queue, reason));
  };
  const again = { ...task, failures: Math.min(task.failures + 1, mostFailuresCounted) };
  await bury(parts, { queue, reason }, work, (at) => parts.messenger.sendLinkTasks([again], at));
}

/**
 * Answers an event that was given up, which is short work. Where that cannot be done for good, the run is recorded and
 * every task ended that was left without an end.
 */
export async function recordDeadEvent(parts: RunParts, body: unknown, reason: DeadLetterReason): Promise<void> {
  const queue = unificationEventsQueue;
  const event = parseUnificationEvent(body, { now: parts.now() });
  if (!event.success) return dropUnreadable(parts, queue, reason, event.error);
  const work = async (): Promise<void> => {
    const run = await recordRun(parts, event.data);
    if (run === undefined) return;
    try {
      return await continueRun(parts, run);
    } catch (error) {
      if (isRetryableError(error)) throw error;
      parts.telemetry.log('error', 'A unification event could not be processed', { runId: run.runId, ...reason });
    }
    if (run.endedAt !== undefined) return;
    await recordTasks(parts, run);
    const shown = await parts.runs.show(run.runId);
    for (const { table, status } of shown?.tasks ?? []) {
      // A task that is at work had its message; it ends by itself.
      if (status === 'Queued') await failTask(parts, { runId: run.runId, table }, words(queue, reason));
    }
    await endRunIfDone(parts, run.runId);
  };
  await bury(parts, { queue, reason }, work, (at) => parts.messenger.sendUnificationEvent(event.data, at));
}

function dropUnreadable(parts: RunParts, queue: string, reason: DeadLetterReason, { issues }: z.ZodError): void {
  // The places alone: what stands there may be anybody's.
  const faults = issues
    .map(({ path }) => path.join('.') || 'body')
    .slice(0, 10)
    .join(', ');
  parts.telemetry.log('error', 'A message that nobody understands is dropped', { queue, faults, ...reason });
  parts.telemetry.count('backstamp.dead_letters', 1, { queue });
}
