import { readDiagnosticLog } from '../contracts/diagnostic-log.ts';
import { isRetryableError, logTextOf } from '../errors.ts';
import type { RunParts } from './parts.ts';

/** Records that one log line names. */
const named = 10;

/** What taking events in works with. */
type DoorParts = Pick<RunParts, 'messenger' | 'keptEvents' | 'telemetry' | 'now'>;

/**
 * Takes in a batch of the operational log: each completed unification is sent on its way, or kept for later where
 * Service Bus does not take it now.
 * @throws RetryableError where an event can neither be sent nor kept
 */
export async function takeDiagnosticLog(parts: DoorParts, messages: readonly unknown[]): Promise<void> {
  const { events, unreadable } = readDiagnosticLog(messages, parts.now());
  for (const event of events) {
    try {
      await parts.messenger.sendUnificationEvent(event);
    } catch (error) {
      if (!isRetryableError(error)) throw error;
      await parts.keptEvents.keep(event);
      const { eventId } = event;
      parts.telemetry.log('warn', 'An event is kept until Service Bus takes it', { eventId, reason: logTextOf(error) });
    }
  }
  parts.telemetry.count('backstamp.events', events.length, { door: 'diagnostic-log' });
  if (unreadable.length === 0) return;
  parts.telemetry.log('warn', 'Records of the diagnostic log could not be read', {
    unreadable: unreadable.length,
    records: unreadable.slice(0, named).join('; '),
  });
}

/** Sends the events that were kept; the first that cannot be sent ends it until the next time. */
export async function sendKeptEvents(parts: DoorParts): Promise<void> {
  for await (const event of parts.keptEvents.all()) {
    await parts.messenger.sendUnificationEvent(event);
    await parts.keptEvents.drop(event);
  }
}
