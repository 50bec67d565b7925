import type { Receiver, Sender } from 'rhea';
import type { AmqpFault } from './amqp-fault.ts';
import { attachOf } from './rhea-internals.ts';

/**
 * Refuses a link the way the client understands: an attach without source and target, then a detach with the error.
 * A detach alone, or an attach that names a terminus, would have it believe for a moment that the link is open.
 */
export function refuseLink(link: Sender | Receiver, fault: AmqpFault): void {
  const attach = attachOf(link);
  attach.source = null;
  attach.target = null;
  link.open();
  link.close(fault.toAmqpError());
}
