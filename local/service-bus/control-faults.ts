import { z } from 'zod';
import { AmqpFault } from './amqp-fault.ts';
import { ControlError, type Controlled, parse } from './control-answer.ts';
import { MessageQueue } from './message-queue.ts';
import type { Topic } from './topic.ts';

const entity = z.string().min(1);
const times = z.int().min(1).default(1);

/** The body of `POST /__control/faults`: what to do now, or at the next occasions. */
const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('detach-link'),
    entity,
    condition: z.string().default('amqp:link:detach-forced'),
    description: z.string().default('The link was detached on demand.'),
  }),
  z.strictObject({ kind: z.literal('drop-connection'), entity }),
  z.strictObject({ kind: z.literal('drop-all-connections') }),
  z.strictObject({ kind: z.literal('refuse-connections'), forMs: z.int().min(1) }),
  z.strictObject({ kind: z.literal('server-busy'), entity, times }),
  z.strictObject({ kind: z.literal('refuse-cbs'), times, entity: entity.optional() }),
  z.strictObject({
    kind: z.literal('expire-lock'),
    entity,
    messageId: z.string().optional(),
    sessionId: z.string().optional(),
  }),
]);

/**
 * Does what a fault asks for, at once or by arming it.
 *
 * @throws ControlError 400 for a fault that is none, 404 for one of an unknown entity.
 * @returns `affected`: how many links, connections or locks were hit at once; absent for what was armed
 */
export function armFault({ namespace, amqp, faultPlan }: Controlled, body: unknown): { readonly affected?: number } {
  const fault = parse(faultSchema, body);
  const find = (address: string): MessageQueue | Topic => {
    const found = namespace.source(address) ?? namespace.target(address);
    if (!found) throw new ControlError(404, `There is no entity '${address}'.`);
    return found;
  };
  const isOf = (address: string): ((entity: MessageQueue | Topic) => boolean) => {
    const wanted = find(address);
    return (each) => each === wanted;
  };
  switch (fault.kind) {
    case 'detach-link': {
      const error = new AmqpFault(fault.condition, 500, fault.description);
      return { affected: amqp.detachLinks(isOf(fault.entity), error) };
    }
    case 'drop-connection':
      return { affected: amqp.dropConnections(isOf(fault.entity)) };
    case 'drop-all-connections':
      return { affected: amqp.dropConnections() };
    case 'refuse-connections':
      faultPlan.armConnectionRefusal(fault.forMs);
      return {};
    case 'server-busy':
      faultPlan.armServerBusy(find(fault.entity).name, fault.times);
      return {};
    case 'refuse-cbs':
      faultPlan.armClaimRefusal(fault.times, fault.entity);
      return {};
    case 'expire-lock':
      return { affected: expireLock(find(fault.entity), fault) };
  }
}

function expireLock(
  of: MessageQueue | Topic,
  which: { readonly messageId?: string | undefined; readonly sessionId?: string | undefined },
): number {
  if (!(of instanceof MessageQueue)) throw new ControlError(400, `'${of.name}' is a topic: it holds no locks.`);
  if (of.sessions && which.messageId !== undefined) {
    throw new ControlError(400, `'${of.name}' locks sessions, not messages: give a sessionId.`);
  }
  if (!of.sessions && which.sessionId !== undefined) {
    throw new ControlError(400, `'${of.name}' has no sessions: give a messageId.`);
  }
  return of.expireLocksNow(which);
}
