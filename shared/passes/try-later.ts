import type { LinkTask } from '../contracts/link-task.ts';
import { isRetryableError, logTextOf, type RetryableError } from '../errors.ts';
import { pauseBefore } from '../retry-policy.ts';
import { failTask } from '../runs/fail-task.ts';
import { otherWriterRetry, sliceRetry } from '../runs/limits.ts';
import { type RunParts, timeOf } from '../runs/parts.ts';
import { updateTask } from '../runs/update-task.ts';
import { interruptedPrefix } from './task-progress.ts';

/** A service is unavailable: the work is sent on its way again for later, and the task says so meanwhile. */
export async function tryLater(
  parts: RunParts,
  { message, hasMoved }: { readonly message: LinkTask; readonly hasMoved: boolean },
  error: RetryableError,
): Promise<void> {
  const { message: reason, retryAfterMs } = error;
  // Work that got on, and then met a fault, begins to count anew; its number of slices tells the message from others.
  const next: LinkTask = hasMoved
    ? { ...message, slice: message.slice + 1, failures: 1 }
    : { ...message, failures: message.failures + 1 };
  if (next.failures > sliceRetry.mostTries) {
    return failTask(parts, message, `${reason} Given up after ${sliceRetry.mostTries} tries.`);
  }
  const pauseMs = pauseBefore(sliceRetry, next.failures, retryAfterMs);
  const { runId, table } = message;
  parts.telemetry.log('warn', 'A service is unavailable; the task goes on later', {
    runId,
    table,
    failures: next.failures,
    pauseMs,
    reason: logTextOf(error),
  });
  await parts.messenger.sendLinkTasks([next], parts.now() + pauseMs);
  try {
    await updateTask(parts, message, 'note', ({ details }) => ({
      details: [
        ...details.filter((line) => !line.startsWith(interruptedPrefix)),
        `${interruptedPrefix}goes on at ${timeOf(parts.now() + pauseMs)}. ${reason}`,
      ],
    }));
  } catch (fault) {
    // It may be the record itself that is out of reach. The work is on its way: that counts.
    if (!isRetryableError(fault)) throw fault;
  }
}

/**
 * Another writer has the table, and would see to what comes next; but it may be one that lost its lock, and die. So the
 * message comes once more in a while. Where the other got on, its continuation has the same id, and one of both is dropped.
 */
export async function lookAgain(parts: RunParts, message: LinkTask): Promise<void> {
  const next: LinkTask = { ...message, failures: message.failures + 1 };
  const { mostTries } = otherWriterRetry;
  if (next.failures > mostTries) return failTask(parts, message, `Given up after ${mostTries} tries.`);
  await parts.messenger.sendLinkTasks([next], parts.now() + pauseBefore(otherWriterRetry, next.failures));
}
