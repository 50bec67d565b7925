import type { Delivery, Receiver } from 'rhea';
import { faults, toFault } from './amqp-fault.ts';
import type { FaultPlan } from './fault-plan.ts';
import { splitBatch } from './message-codec.ts';
import type { MessageQueue } from './message-queue.ts';
import { attachOf, BATCH_MESSAGE_FORMAT } from './rhea-internals.ts';
import { readIncoming } from './stored-message.ts';
import type { Topic } from './topic.ts';

/** The standard tier's limit of a message and of a whole batch, in bytes. */
export const MAX_MESSAGE_SIZE = 262_144;

/** A link on which a client sends to a queue or a topic: each transfer is taken in and answered. */
export function openReceivingLink(link: Receiver, entity: MessageQueue | Topic, faultPlan: FaultPlan): void {
  link.set_source(link.source);
  link.set_target({ address: link.target.address });
  // Without it the client's batches would have no size.
  attachOf(link).max_message_size = MAX_MESSAGE_SIZE;

  const takeIn = (bytes: Buffer, format: number): void => {
    if (faultPlan.takeServerBusy(entity.name)) throw faults.serverBusy();
    if (bytes.length > MAX_MESSAGE_SIZE) throw faults.messageTooLarge(bytes.length, MAX_MESSAGE_SIZE);
    const encoded = format === BATCH_MESSAGE_FORMAT ? splitBatch(bytes) : [bytes];
    const messages = encoded.map(readIncoming);
    // A batch is taken in as a whole or not at all.
    for (const message of messages) entity.check(message);
    for (const message of messages) entity.enqueue(message);
  };

  link.on('message', ({ message, delivery, format }: { message: Buffer; delivery: Delivery; format: number }) => {
    try {
      takeIn(message, format);
      delivery.accept();
    } catch (thrown) {
      delivery.reject(toFault(thrown).toAmqpError());
    }
  });
}
