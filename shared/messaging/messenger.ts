import type { LinkTask } from '../contracts/link-task.ts';
import type { LinkingCompleted } from '../contracts/linking-completed.ts';
import type { UnificationEvent } from '../contracts/unification-event.ts';

/** What the program sends. Every message has a deterministic id: sending it again is harmless. */
export interface Messenger {
  sendUnificationEvent(event: UnificationEvent): Promise<void>;
  /** Sends tasks to work on, each in its table's session; none before `notBefore` (milliseconds) where given. */
  sendLinkTasks(tasks: readonly LinkTask[], notBefore?: number): Promise<void>;
  publishLinkingCompleted(event: LinkingCompleted): Promise<void>;
}
