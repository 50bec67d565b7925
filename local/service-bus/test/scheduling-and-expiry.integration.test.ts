import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BRIEFLY, only, SOON, until, useBroker } from './support.ts';

const broker = useBroker();
const inMs = (ms: number): Date => new Date(Date.now() + ms);

describe('a scheduled message', () => {
  it('is delivered at its time, not before', async () => {
    const queue = await broker.queue();
    const at = inMs(700);
    await broker.client().createSender(queue).scheduleMessages({ body: 'b' }, at);
    expect(await broker.counts(queue)).toMatchObject({ active: 0, scheduled: 1 });
    const receiver = broker.client().createReceiver(queue);
    expect(await receiver.receiveMessages(1, BRIEFLY)).toEqual([]);
    const message = only(await receiver.receiveMessages(1, SOON));
    expect(Date.now()).toBeGreaterThanOrEqual(at.getTime());
    expect(Number(message.enqueuedTimeUtc)).toBeGreaterThanOrEqual(at.getTime());
    expect(message.scheduledEnqueueTimeUtc).toEqual(at);
  });

  it('may also be sent with its time as a property', async () => {
    const queue = await broker.queue();
    await broker
      .client()
      .createSender(queue)
      .sendMessages({ body: 'b', scheduledEnqueueTimeUtc: inMs(400) });
    expect(await broker.counts(queue)).toMatchObject({ active: 0, scheduled: 1 });
    await until(async () => (await broker.counts(queue)).active === 1, 'it is active');
  });

  it('gets a new number when its time comes', async () => {
    const queue = await broker.queue();
    const sender = broker.client().createSender(queue);
    const [scheduledNumber] = await sender.scheduleMessages({ body: 'scheduled' }, inMs(300));
    await sender.sendMessages({ body: 'sent' });
    await sleep(400);
    const messages = await broker.client().createReceiver(queue).receiveMessages(2, SOON);
    expect(messages.map(({ body }) => body)).toEqual(['sent', 'scheduled']);
    expect(messages[1]?.sequenceNumber?.toNumber()).toBeGreaterThan(Number(scheduledNumber));
  });

  it('is seen by peek while it waits', async () => {
    const queue = await broker.queue();
    const [number] = await broker.client().createSender(queue).scheduleMessages({ body: 'b' }, inMs(60_000));
    const peeked = only(await broker.client().createReceiver(queue).peekMessages(5));
    expect(peeked).toMatchObject({ body: 'b', state: 'scheduled' });
    expect(peeked.sequenceNumber).toEqual(number);
  });

  it('that is cancelled never comes', async () => {
    const queue = await broker.queue();
    const sender = broker.client().createSender(queue);
    const numbers = await sender.scheduleMessages([{ body: 1 }, { body: 2 }, { body: 3 }], inMs(300));
    await sender.cancelScheduledMessages(numbers.slice(0, 2));
    await sleep(400);
    const messages = await broker.client().createReceiver(queue).receiveMessages(3, BRIEFLY);
    expect(messages.map(({ body }) => body)).toEqual([3]);
  });

  it('that is unknown cannot be cancelled: MessageNotFound, and none of the others is', async () => {
    const queue = await broker.queue();
    const sender = broker.client().createSender(queue);
    const [number] = await sender.scheduleMessages({ body: 1 }, inMs(60_000));
    if (!number) throw new Error('No number.');
    await expect(sender.cancelScheduledMessages([number, number.add(100)])).rejects.toMatchObject({
      code: 'MessageNotFound',
    });
    expect((await broker.counts(queue)).scheduled).toBe(1);
  });

  it('over 256 KB is refused with MessageSizeExceeded', async () => {
    const queue = await broker.queue();
    const sender = broker.client().createSender(queue);
    await expect(sender.scheduleMessages({ body: Buffer.alloc(262_144) }, inMs(60_000))).rejects.toMatchObject({
      code: 'MessageSizeExceeded',
    });
  });

  it('of a session wakes one who waits for the session', async () => {
    const queue = await broker.queue({ RequiresSession: true });
    const waiting = broker.client().acceptNextSession(queue);
    await broker.client().createSender(queue).scheduleMessages({ body: 'b', sessionId: 's' }, inMs(400));
    expect((await waiting).sessionId).toBe('s');
  });
});

describe('time to live', () => {
  it('of the message removes it when it is over', async () => {
    const queue = await broker.queue();
    await broker.client().createSender(queue).sendMessages({ body: 1, timeToLive: 300 });
    expect((await broker.counts(queue)).active).toBe(1);
    await until(async () => (await broker.counts(queue)).active === 0, 'it is gone');
    expect((await broker.counts(queue)).deadLetter).toBe(0);
  });

  it('moves it to the dead-letter queue where the queue says so', async () => {
    const queue = await broker.queue({ DeadLetteringOnMessageExpiration: true });
    await broker.client().createSender(queue).sendMessages({ body: 1, timeToLive: 200 });
    await until(async () => (await broker.counts(queue)).deadLetter === 1, 'it is dead-lettered');
    const dead = only(
      await broker.client().createReceiver(queue, { subQueueType: 'deadLetter' }).receiveMessages(1, SOON),
    );
    expect(dead.deadLetterReason).toBe('TTLExpiredException');
  });

  it('is the default of the queue where the message names none, or a longer one', async () => {
    const queue = await broker.queue({ DefaultMessageTimeToLive: 'PT0.5S' });
    await broker
      .client()
      .createSender(queue)
      .sendMessages([{ body: 1 }, { body: 2, timeToLive: 60_000 }]);
    const [first] = await broker.client().createReceiver(queue).peekMessages(1);
    expect(first?.timeToLive).toBe(500);
    expect(Number(first?.expiresAtUtc)).toBe(Number(first?.enqueuedTimeUtc) + 500);
    await until(async () => (await broker.counts(queue)).active === 0, 'both are gone');
  });

  it('does not take a message out of the hands of its receiver', async () => {
    const queue = await broker.queue();
    await broker.client().createSender(queue).sendMessages({ body: 1, timeToLive: 300 });
    const receiver = broker.client().createReceiver(queue);
    const message = only(await receiver.receiveMessages(1, SOON));
    await sleep(500);
    await receiver.completeMessage(message);
    expect((await broker.counts(queue)).active).toBe(0);
  });

  it('is over for a message that is put back too late', async () => {
    const queue = await broker.queue({ DeadLetteringOnMessageExpiration: true });
    await broker.client().createSender(queue).sendMessages({ body: 1, timeToLive: 300 });
    const receiver = broker.client().createReceiver(queue);
    const message = only(await receiver.receiveMessages(1, SOON));
    await sleep(500);
    await receiver.abandonMessage(message);
    expect(await broker.counts(queue)).toMatchObject({ active: 0, deadLetter: 1 });
  });
});

describe('duplicate detection', () => {
  const detecting = { RequiresDuplicateDetection: true, DuplicateDetectionHistoryTimeWindow: 'PT0.6S' };

  it('drops a second message of the same id silently', async () => {
    const queue = await broker.queue(detecting);
    const sender = broker.client().createSender(queue);
    await sender.sendMessages({ body: 'first', messageId: 'same' });
    await sender.sendMessages([
      { body: 'second', messageId: 'same' },
      { body: 'other', messageId: 'other' },
    ]);
    const messages = await broker.client().createReceiver(queue).receiveMessages(3, BRIEFLY);
    expect(messages.map(({ body }) => body)).toEqual(['first', 'other']);
  });

  it('remembers an id after its message was completed', async () => {
    const queue = await broker.queue(detecting);
    const sender = broker.client().createSender(queue);
    await sender.sendMessages({ body: 1, messageId: 'same' });
    const receiver = broker.client().createReceiver(queue);
    await receiver.completeMessage(only(await receiver.receiveMessages(1, SOON)));
    await sender.sendMessages({ body: 2, messageId: 'same' });
    expect((await broker.counts(queue)).active).toBe(0);
  });

  it('forgets an id after its window', async () => {
    const queue = await broker.queue(detecting);
    const sender = broker.client().createSender(queue);
    await sender.sendMessages({ body: 1, messageId: 'same' });
    await sleep(700);
    await sender.sendMessages({ body: 2, messageId: 'same' });
    expect((await broker.counts(queue)).active).toBe(2);
  });

  it('holds for scheduled messages too', async () => {
    const queue = await broker.queue(detecting);
    const sender = broker.client().createSender(queue);
    await sender.scheduleMessages({ body: 1, messageId: 'same' }, inMs(60_000));
    await sender.scheduleMessages({ body: 2, messageId: 'same' }, inMs(60_000));
    expect((await broker.counts(queue)).scheduled).toBe(1);
  });

  it('is off unless the queue asks for it', async () => {
    const queue = await broker.queue();
    const sender = broker.client().createSender(queue);
    await sender.sendMessages([
      { body: 1, messageId: 'same' },
      { body: 2, messageId: 'same' },
    ]);
    expect((await broker.counts(queue)).active).toBe(2);
  });
});
