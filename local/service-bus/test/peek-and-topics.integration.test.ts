import { describe, expect, it } from 'vitest';
import { BRIEFLY, only, SOON, until, useBroker } from './support.ts';

const broker = useBroker();

describe('peek', () => {
  it('shows messages in order without taking them, whatever their state', async () => {
    const queue = await broker.queue();
    const sender = broker.client().createSender(queue);
    await sender.sendMessages([{ body: 'locked' }, { body: 'deferred' }, { body: 'active' }]);
    await sender.scheduleMessages({ body: 'scheduled' }, new Date(Date.now() + 60_000));
    const receiver = broker.client().createReceiver(queue);
    const [, second] = await receiver.receiveMessages(2, SOON);
    if (!second) throw new Error('Expected two messages.');
    await receiver.deferMessage(second);
    const peeked = await broker.client().createReceiver(queue).peekMessages(10);
    expect(peeked.map(({ body, state }) => [body, state])).toEqual([
      ['locked', 'active'],
      ['deferred', 'deferred'],
      ['active', 'active'],
      ['scheduled', 'scheduled'],
    ]);
    expect(peeked.map(({ lockToken }) => lockToken)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('goes on after the last one seen, and starts where it is told', async () => {
    const queue = await broker.queue();
    const sender = broker.client().createSender(queue);
    await sender.sendMessages([1, 2, 3, 4].map((body) => ({ body })));
    const receiver = broker.client().createReceiver(queue);
    const [, second] = await receiver.peekMessages(2);
    expect(second?.body).toBe(2);
    expect((await receiver.peekMessages(2)).map(({ body }) => body)).toEqual([3, 4]);
    expect(await receiver.peekMessages(2)).toEqual([]);
    if (!second?.sequenceNumber) throw new Error('No number.');
    const from = { fromSequenceNumber: second.sequenceNumber };
    expect((await receiver.peekMessages(2, from)).map(({ body }) => body)).toEqual([2, 3]);
  });

  it('finds nothing in an empty queue', async () => {
    const queue = await broker.queue();
    expect(await broker.client().createReceiver(queue).peekMessages(1)).toEqual([]);
  });

  it('looks into a dead-letter queue', async () => {
    const queue = await broker.queue();
    await broker.client().createSender(queue).sendMessages({ body: 'b' });
    const receiver = broker.client().createReceiver(queue);
    await receiver.deadLetterMessage(only(await receiver.receiveMessages(1, SOON)), {
      deadLetterReason: 'why',
      deadLetterErrorDescription: 'because',
    });
    const graves = broker.client().createReceiver(queue, { subQueueType: 'deadLetter' });
    expect(only(await graves.peekMessages(1)).deadLetterReason).toBe('why');
  });
});

describe('a topic', () => {
  it('copies every message to every subscription', async () => {
    const topic = await broker.topic({}, { one: {}, two: {} });
    await broker
      .client()
      .createSender(topic)
      .sendMessages([{ body: 1 }, { body: 2 }]);
    for (const subscription of ['one', 'two']) {
      const receiver = broker.client().createReceiver(topic, subscription);
      const messages = await receiver.receiveMessages(2, SOON);
      expect(messages.map(({ body }) => body)).toEqual([1, 2]);
    }
  });

  it('settles in one subscription without touching the other', async () => {
    const topic = await broker.topic({}, { one: {}, two: {} });
    await broker.client().createSender(topic).sendMessages({ body: 1 });
    const one = broker.client().createReceiver(topic, 'one');
    await one.deadLetterMessage(only(await one.receiveMessages(1, SOON)), {
      deadLetterReason: 'why',
      deadLetterErrorDescription: 'because',
    });
    const dead = broker.client().createReceiver(topic, 'one', { subQueueType: 'deadLetter' });
    expect(only(await dead.receiveMessages(1, SOON)).deadLetterReason).toBe('why');
    expect(await one.receiveMessages(1, BRIEFLY)).toEqual([]);
    expect(only(await broker.client().createReceiver(topic, 'two').receiveMessages(1, SOON)).body).toBe(1);
  });

  it('has subscriptions with sessions', async () => {
    const topic = await broker.topic({}, { ordered: { RequiresSession: true } });
    await broker
      .client()
      .createSender(topic)
      .sendMessages([
        { body: 1, sessionId: 's' },
        { body: 2, sessionId: 's' },
      ]);
    const receiver = await broker.client().acceptNextSession(topic, 'ordered');
    expect((await receiver.receiveMessages(2, SOON)).map(({ body }) => body)).toEqual([1, 2]);
  });

  it('detects duplicates before it copies', async () => {
    const topic = await broker.topic({ RequiresDuplicateDetection: true }, { one: {} });
    const sender = broker.client().createSender(topic);
    await sender.sendMessages({ body: 1, messageId: 'same' });
    await sender.sendMessages({ body: 2, messageId: 'same' });
    const messages = await broker.client().createReceiver(topic, 'one').receiveMessages(2, BRIEFLY);
    expect(messages.map(({ body }) => body)).toEqual([1]);
  });

  it('schedules, and cancels what it scheduled', async () => {
    const topic = await broker.topic({}, { one: {} });
    const sender = broker.client().createSender(topic);
    const soon = new Date(Date.now() + 300);
    const [kept, cancelled] = await sender.scheduleMessages([{ body: 'kept' }, { body: 'cancelled' }], soon);
    if (!kept || !cancelled) throw new Error('Expected two numbers.');
    await sender.cancelScheduledMessages(cancelled);
    const receiver = broker.client().createReceiver(topic, 'one');
    expect(only(await receiver.receiveMessages(2, SOON)).body).toBe('kept');
    await expect(sender.cancelScheduledMessages(kept)).rejects.toMatchObject({ code: 'MessageNotFound' });
  });

  it('without the subscription that is asked for answers MessagingEntityNotFound', async () => {
    const topic = await broker.topic({}, { one: {} });
    const receiver = broker.client().createReceiver(topic, 'other');
    await expect(receiver.receiveMessages(1, BRIEFLY)).rejects.toMatchObject({ code: 'MessagingEntityNotFound' });
  });

  it('gives a new subscription only what comes after it', async () => {
    const topic = await broker.topic({}, { one: {} });
    const sender = broker.client().createSender(topic);
    await sender.sendMessages({ body: 'before' });
    await broker.control('PUT', `/__control/topics/${topic}/subscriptions/late`, {});
    await sender.sendMessages({ body: 'after' });
    const { body } = await broker.control('GET', `/__control/topics/${topic}`);
    expect(body.subscriptions.map((each: { counts: { active: number } }) => each.counts.active)).toEqual([2, 1]);
    await until(async () => {
      const messages = await broker.client().createReceiver(topic, 'late').receiveMessages(2, BRIEFLY);
      return only(messages).body === 'after';
    }, 'the later one comes');
  });
});
