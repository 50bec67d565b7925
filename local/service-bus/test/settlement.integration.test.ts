import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import { describe, expect, it } from 'vitest';
import { BRIEFLY, only, type Properties, SOON, until, useBroker } from './support.ts';

const broker = useBroker();

/** A queue with one message in a receiver's hands, its lock not renewed in the background. */
async function withLocked(
  properties: Properties = {},
): Promise<{ queue: string; receiver: ServiceBusReceiver; message: ServiceBusReceivedMessage }> {
  const queue = await broker.queue(properties);
  await broker
    .client()
    .createSender(queue)
    .sendMessages({ body: 'b', messageId: 'm', applicationProperties: { own: 1 } });
  const receiver = broker.client().createReceiver(queue, { maxAutoLockRenewalDurationInMs: 0 });
  return { queue, receiver, message: only(await receiver.receiveMessages(1, SOON)) };
}

describe('settling a message', () => {
  it('complete removes it', async () => {
    const { queue, receiver, message } = await withLocked();
    expect(await broker.counts(queue)).toMatchObject({ active: 1, locked: 1 });
    await receiver.completeMessage(message);
    expect(await broker.counts(queue)).toMatchObject({ active: 0, locked: 0 });
  });

  it('abandon makes it available again, with one more failed delivery and the changed properties', async () => {
    const { receiver, message } = await withLocked();
    await receiver.abandonMessage(message, { tried: 'once' });
    const again = only(await receiver.receiveMessages(1, SOON));
    expect(again.deliveryCount).toBe(1);
    expect(again.applicationProperties).toEqual({ own: 1, tried: 'once' });
    expect(again.sequenceNumber).toEqual(message.sequenceNumber);
  });

  it('abandon puts it back at its place before later ones', async () => {
    const { queue, receiver, message } = await withLocked();
    await broker.client().createSender(queue).sendMessages({ body: 'later' });
    await receiver.abandonMessage(message);
    const bodies = (await receiver.receiveMessages(2, SOON)).map(({ body }) => body);
    expect(bodies).toEqual(['b', 'later']);
  });

  it('abandon for the last allowed time moves it to the dead-letter queue, with the reason', async () => {
    const { queue, receiver, message } = await withLocked({ MaxDeliveryCount: 2 });
    await receiver.abandonMessage(message);
    await receiver.abandonMessage(only(await receiver.receiveMessages(1, SOON)));
    expect(await broker.counts(queue)).toMatchObject({ active: 0, deadLetter: 1 });
    const dead = only(
      await broker.client().createReceiver(queue, { subQueueType: 'deadLetter' }).receiveMessages(1, SOON),
    );
    expect(dead.deadLetterReason).toBe('MaxDeliveryCountExceeded');
    expect(dead.deadLetterErrorDescription).toContain('2 delivery attempts');
    expect(dead.deliveryCount).toBe(2);
    expect(dead.deadLetterSource).toBe(queue);
  });

  it('dead-letter moves it, with reason, description and properties', async () => {
    const { queue, receiver, message } = await withLocked();
    await receiver.deadLetterMessage(message, {
      deadLetterReason: 'why',
      deadLetterErrorDescription: 'because',
      extra: 5,
    });
    const dead = only(await broker.client().createReceiver(`${queue}/$DeadLetterQueue`).receiveMessages(1, SOON));
    expect(dead).toMatchObject({ body: 'b', messageId: 'm', deadLetterReason: 'why', deadLetterSource: queue });
    expect(dead.deadLetterErrorDescription).toBe('because');
    expect(dead.applicationProperties).toMatchObject({ own: 1, extra: 5 });
  });

  it('defer sets it aside until it is asked for by its number', async () => {
    const { queue, receiver, message } = await withLocked();
    await receiver.deferMessage(message, { later: true });
    expect(await receiver.receiveMessages(1, BRIEFLY)).toEqual([]);
    expect(await broker.counts(queue)).toMatchObject({ active: 0, deferred: 1 });
    const number = message.sequenceNumber ?? fail();
    const deferred = only(await receiver.receiveDeferredMessages(number));
    expect(deferred).toMatchObject({ body: 'b', state: 'deferred', deliveryCount: 1 });
    expect(deferred.applicationProperties).toEqual({ own: 1, later: true });
    await receiver.completeMessage(deferred);
    expect((await broker.counts(queue)).deferred).toBe(0);
  });

  it('a deferred message that is abandoned stays deferred', async () => {
    const { receiver, message } = await withLocked();
    const number = message.sequenceNumber ?? fail();
    await receiver.deferMessage(message);
    await receiver.abandonMessage(only(await receiver.receiveDeferredMessages(number)));
    expect(await receiver.receiveMessages(1, BRIEFLY)).toEqual([]);
    expect(only(await receiver.receiveDeferredMessages(number)).deliveryCount).toBe(2);
  });

  it('a deferred message can be dead-lettered', async () => {
    const { queue, receiver, message } = await withLocked();
    await receiver.deferMessage(message);
    const deferred = only(await receiver.receiveDeferredMessages(message.sequenceNumber ?? fail()));
    await receiver.deadLetterMessage(deferred, { deadLetterReason: 'r', deadLetterErrorDescription: 'd' });
    const dead = only(await broker.client().createReceiver(`${queue}/$deadletterqueue`).receiveMessages(1, SOON));
    expect(dead).toMatchObject({ deadLetterReason: 'r', deadLetterErrorDescription: 'd', state: 'active' });
  });

  it('an unknown number of a deferred message answers MessageNotFound', async () => {
    const { receiver, message } = await withLocked();
    await expect(receiver.receiveDeferredMessages(message.sequenceNumber ?? fail())).rejects.toMatchObject({
      code: 'MessageNotFound',
    });
  });

  it('settles by lock token after its receiver was closed, each way', async () => {
    const settlings: [(by: ServiceBusReceiver, message: ServiceBusReceivedMessage) => Promise<void>, object][] = [
      [(by, message) => by.completeMessage(message), { active: 0, deferred: 0, deadLetter: 0 }],
      [(by, message) => by.abandonMessage(message), { active: 1, deferred: 0, deadLetter: 0 }],
      [(by, message) => by.deferMessage(message), { active: 0, deferred: 1, deadLetter: 0 }],
      [(by, message) => by.deadLetterMessage(message), { active: 0, deferred: 0, deadLetter: 1 }],
    ];
    for (const [settle, expected] of settlings) {
      const { queue, receiver, message } = await withLocked();
      const other = broker.client().createReceiver(queue);
      await receiver.close();
      await settle(other, message);
      expect(await broker.counts(queue)).toMatchObject({ ...expected, locked: 0 });
    }
  });

  it('answers with MessageLockLost when the message is no longer held, each way of settling', async () => {
    const { queue, receiver } = await withLocked();
    const lost = { code: 'MessageLockLost' };
    const settlings: ((message: ServiceBusReceivedMessage) => Promise<void>)[] = [
      (message) => receiver.completeMessage(message),
      (message) => receiver.abandonMessage(message),
      (message) => receiver.deferMessage(message),
      (message) => receiver.deadLetterMessage(message),
    ];
    for (const settle of settlings) {
      await broker.fault({ kind: 'expire-lock', entity: queue });
      const message = only(await receiver.receiveMessages(1, SOON));
      await broker.fault({ kind: 'expire-lock', entity: queue });
      await expect(settle(message)).rejects.toMatchObject(lost);
    }
  });

  it('refuses to dead-letter what is dead already, and leaves it there', async () => {
    const { queue, receiver, message } = await withLocked();
    await receiver.deadLetterMessage(message);
    const graves = broker.client().createReceiver(queue, { subQueueType: 'deadLetter' });
    const dead = only(await graves.receiveMessages(1, SOON));
    await expect(graves.deadLetterMessage(dead)).rejects.toMatchObject({ code: 'GeneralError' });
    expect((await broker.counts(queue)).deadLetter).toBe(1);
  });

  it('abandon in a dead-letter queue counts no failed delivery', async () => {
    const { queue, receiver, message } = await withLocked();
    await receiver.deadLetterMessage(message);
    const graves = broker.client().createReceiver(queue, { subQueueType: 'deadLetter' });
    await graves.abandonMessage(only(await graves.receiveMessages(1, SOON)));
    expect(only(await graves.receiveMessages(1, SOON)).deliveryCount).toBe(0);
  });

  it('completes a dead letter', async () => {
    const { queue, receiver, message } = await withLocked();
    await receiver.deadLetterMessage(message);
    const graves = broker.client().createReceiver(queue, { subQueueType: 'deadLetter' });
    await graves.completeMessage(only(await graves.receiveMessages(1, SOON)));
    expect((await broker.counts(queue)).deadLetter).toBe(0);
  });
});

describe('a message lock', () => {
  it('lasts as long as the queue says', async () => {
    const { message } = await withLocked({ LockDuration: 'PT20S' });
    const left = Number(message.lockedUntilUtc) - Date.now();
    expect(left).toBeGreaterThan(17_000);
    expect(left).toBeLessThanOrEqual(20_000);
  });

  it('runs out: the message comes again with one more failed delivery, and settling it answers MessageLockLost', async () => {
    const { receiver, message } = await withLocked({ LockDuration: 'PT0.4S' });
    const again = only(await receiver.receiveMessages(1, SOON));
    expect(again.deliveryCount).toBe(1);
    expect(again.lockToken).not.toBe(message.lockToken);
    await expect(receiver.completeMessage(message)).rejects.toMatchObject({ code: 'MessageLockLost' });
    await receiver.completeMessage(again);
  });

  it('runs out for the last allowed time: the message goes to the dead-letter queue', async () => {
    const { queue } = await withLocked({ LockDuration: 'PT0.2S', MaxDeliveryCount: 1 });
    await until(async () => (await broker.counts(queue)).deadLetter === 1, 'it is dead-lettered');
  });

  it('is prolonged by renewal', async () => {
    const { receiver, message } = await withLocked({ LockDuration: 'PT0.6S' });
    for (let i = 0; i < 4; i++) {
      await sleep(300);
      const renewed = await receiver.renewMessageLock(message);
      expect(Number(renewed)).toBeGreaterThan(Date.now() + 300);
    }
    await receiver.completeMessage(message);
  });

  it('is kept by the renewal in the background', async () => {
    const queue = await broker.queue({ LockDuration: 'PT2S' });
    await broker.client().createSender(queue).sendMessages({ body: 1 });
    const receiver = broker.client().createReceiver(queue);
    const message = only(await receiver.receiveMessages(1, SOON));
    await sleep(3500);
    await receiver.completeMessage(message);
    expect((await broker.counts(queue)).active).toBe(0);
  });

  it('cannot be renewed once it is lost', async () => {
    const { queue, receiver, message } = await withLocked();
    expect(await broker.fault({ kind: 'expire-lock', entity: queue, messageId: 'm' })).toBe(1);
    await expect(receiver.renewMessageLock(message)).rejects.toMatchObject({ code: 'MessageLockLost' });
  });

  it('outlives the link that took it', async () => {
    const { queue, receiver } = await withLocked();
    await receiver.close();
    expect(await broker.client().createReceiver(queue).receiveMessages(1, BRIEFLY)).toEqual([]);
    expect((await broker.counts(queue)).locked).toBe(1);
  });
});

function fail(): never {
  throw new Error('The message has no sequence number.');
}
