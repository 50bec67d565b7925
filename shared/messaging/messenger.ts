import type { LinkTask } from '../contracts/link-task.ts';
import type { LinkingEvent } from '../contracts/linking-events.ts';
import type { UnificationEvent } from '../contracts/unification-event.ts';

/** What the program sends. Every message has a deterministic id: sending it again is harmless. */
export interface Messenger {
  /** Sends an event to answer, not before `notBefore` (milliseconds) where given. */
  sendUnificationEvent(event: UnificationEvent, notBefore?: number): Promise<void>;
  /** Sends tasks to work on, each in its table's session; none before `notBefore` (milliseconds) where given. */
  sendLinkTasks(tasks: readonly LinkTask[], notBefore?: number): Promise<void>;
  /** Tells the world of a run. */
  publish(event: LinkingEvent): Promise<void>;
}
