import { linkTaskSchema } from '../contracts/link-task.ts';
import { linkTasksQueue, unificationEventsQueue } from '../contracts/queues.ts';
import { parseUnificationEvent, runIdOf } from '../contracts/unification-event.ts';
import { failTask } from './link-table.ts';
import { type Parts, timeOf } from './parts.ts';

/** Why the broker set a message aside, as it says itself. */
export interface DeadLetterReason {
  readonly reason: string | undefined;
  readonly description: string | undefined;
}

const words = (queue: string, { reason, description }: DeadLetterReason): string => {
  const why = [reason, description].filter(Boolean).join(': ') || 'no reason given';
  return `The message on queue ${queue} could not be processed (${why}). See the log for the failure, then start a run again.`;
};

/** Ends the task of a message that could not be processed, so that none stays Refreshing for ever. */
export async function recordDeadTask(parts: Parts, body: unknown, reason: DeadLetterReason): Promise<void> {
  parts.telemetry.count('backstamp.dead_letters', 1, { queue: linkTasksQueue });
  const message = linkTaskSchema.safeParse(body);
  if (!message.success) return logUnreadable(parts, linkTasksQueue, reason);
  await failTask(parts, message.data, words(linkTasksQueue, reason));
}

/** Records the run of an event that could not be processed as Failed, where there is no record of its end yet. */
export async function recordDeadEvent(parts: Parts, body: unknown, reason: DeadLetterReason): Promise<void> {
  parts.telemetry.count('backstamp.dead_letters', 1, { queue: unificationEventsQueue });
  const event = parseUnificationEvent(body, parts.now());
  if (!event.success) return logUnreadable(parts, unificationEventsQueue, reason);
  const now = timeOf(parts.now());
  const { eventId, source, mode, tables, confirm = false, occurredAt } = event.data;
  const runId = runIdOf(eventId);
  const run = await parts.runs.record({
    runId,
    eventId,
    source,
    mode,
    tables,
    confirm,
    status: 'Failed',
    occurredAt,
    receivedAt: now,
    endedAt: now,
  });
  parts.telemetry.log('error', 'A unification event could not be processed', { runId, ...reason });
  if (run.value.endedAt !== undefined) return;
  // The orchestrator had begun: whatever it recorded and never sent ends here.
  const shown = await parts.runs.show(runId);
  for (const { table } of shown?.tasks ?? [])
    await failTask(parts, { runId, table }, words(unificationEventsQueue, reason));
  if (shown !== undefined && shown.tasks.length === 0) {
    await parts.runs.save({ value: { ...run.value, status: 'Failed', endedAt: now }, etag: run.etag });
  }
}

function logUnreadable(parts: Parts, queue: string, reason: DeadLetterReason): void {
  parts.telemetry.log('error', 'A message that nobody understands was set aside and is dropped', { queue, ...reason });
}
