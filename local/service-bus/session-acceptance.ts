import type { Sender } from 'rhea';
import { type AmqpFault, faults } from './amqp-fault.ts';
import { type DeliveringLink, SESSION_FILTER } from './delivering-link.ts';
import { refuseLink } from './link-refusal.ts';
import type { MessageQueue } from './message-queue.ts';
import { holdAttach } from './rhea-internals.ts';
import type { SessionTable } from './session-table.ts';
import type { Timeline } from './timeline.ts';

/** The client says how long it waits for any session; the service waits no longer than this. */
const LONGEST_WAIT_MS = 65_000;
const DEFAULT_WAIT_MS = 60_000;

const unwrapped = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'value' in value ? value.value : value;

/** The session that a receiver asks for: an id, `null` for any, `undefined` for none. The empty text is a legal id. */
function askedSession(link: Sender): string | null | undefined {
  const { filter } = link.source;
  if (!filter || !(SESSION_FILTER in filter)) return undefined;
  const asked = unwrapped(filter[SESSION_FILTER]);
  return typeof asked === 'string' ? asked : null;
}

/**
 * Opens a receiving client's link, with the session it asks for where the queue requires sessions. A receiver that asks
 * for any session is kept waiting, its attach unanswered, until there is one or its time is over.
 *
 * @returns ends the wait of a link that goes away before it was opened
 * @throws AmqpFault where the link must be refused.
 */
export function openWithSession(link: Sender, queue: MessageQueue, to: DeliveringLink, timeline: Timeline): () => void {
  const asked = askedSession(link);
  const { sessions } = queue;
  if (sessions === undefined) {
    if (asked !== undefined) throw faults.notAllowed(`'${queue.name}' does not have sessions.`);
    to.open(undefined);
    return () => {};
  }
  if (asked === undefined) {
    throw faults.notAllowed(`'${queue.name}' requires sessions: it cannot be received from without one.`);
  }
  const session = asked === null ? sessions.acceptNext(to) : sessions.accept(asked, to);
  if (session) {
    to.open(session);
    return () => {};
  }
  return waitForSession(link, sessions, to, timeline);
}

function waitForSession(link: Sender, sessions: SessionTable, to: DeliveringLink, timeline: Timeline): () => void {
  holdAttach(link);
  const asked = Number(unwrapped(link.properties?.['com.microsoft:timeout']) ?? DEFAULT_WAIT_MS);
  const waitMs = Math.min(Number.isFinite(asked) ? asked : DEFAULT_WAIT_MS, LONGEST_WAIT_MS);
  const leaveLine = sessions.wait(to, (session) => {
    stopTimer();
    to.open(session);
  });
  const giveUp = (fault: AmqpFault): void => {
    leaveLine();
    stopTimer();
    refuseLink(link, fault);
  };
  const stopTimer = timeline.at(Date.now() + waitMs, () => giveUp(faults.noSessionInTime()));
  return () => {
    leaveLine();
    stopTimer();
  };
}
