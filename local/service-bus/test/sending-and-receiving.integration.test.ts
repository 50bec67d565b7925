import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BRIEFLY, only, SOON, until, useBroker } from './support.ts';

const broker = useBroker();

describe('sending and receiving', () => {
  it('delivers body and properties as they were sent', async () => {
    const queue = await broker.queue();
    const sent = {
      body: { text: 'häß', list: [1, 2.5, null, true] },
      messageId: 'm-1',
      correlationId: 'c-1',
      subject: 's',
      contentType: 'application/json',
      replyTo: 'r',
      to: 't',
      partitionKey: 'p',
      applicationProperties: { flag: false, count: -7, ratio: 0.25, name: 'n' },
    };
    const before = Date.now();
    await broker.client().createSender(queue).sendMessages(sent);
    const after = Date.now();
    const message = only(await broker.client().createReceiver(queue).receiveMessages(1, SOON));
    expect(message).toMatchObject(sent);
    expect(message.deliveryCount).toBe(0);
    expect(message.sequenceNumber?.toNumber()).toBe(1);
    expect(Number(message.enqueuedTimeUtc)).toBeGreaterThanOrEqual(before);
    expect(Number(message.enqueuedTimeUtc)).toBeLessThanOrEqual(after);
    expect(message.state).toBe('active');
  });

  it('keeps the AMQP sections and types of an annotated message', async () => {
    const queue = await broker.queue();
    await broker
      .client()
      .createSender(queue)
      .sendMessages({
        bodyType: 'sequence',
        body: [
          [1, 'two'],
          [3, 'four'],
        ],
        header: { durable: true, priority: 7 },
        footer: { foot: 'note' },
        messageAnnotations: { mine: 'kept' },
        deliveryAnnotations: { there: 1 },
        applicationProperties: { x: 'y' },
        properties: { groupId: 'g', messageId: 'id' },
      });
    const raw = only(await broker.client().createReceiver(queue).receiveMessages(1, SOON))._rawAmqpMessage;
    expect(raw.bodyType).toBe('sequence');
    expect(raw.body.content).toEqual([
      [1, 'two'],
      [3, 'four'],
    ]);
    expect(raw.header).toMatchObject({ durable: true, priority: 7, deliveryCount: 0 });
    expect(raw.footer).toEqual({ foot: 'note' });
    expect(raw.messageAnnotations).toMatchObject({ mine: 'kept' });
    expect(raw.deliveryAnnotations).toEqual({ there: 1 });
    expect(raw.properties).toMatchObject({ groupId: 'g', messageId: 'id' });
  });

  it('gives a message id to a message that has none', async () => {
    const queue = await broker.queue();
    await broker.client().createSender(queue).sendMessages({ body: 1 });
    const message = only(await broker.client().createReceiver(queue).receiveMessages(1, SOON));
    expect(message.messageId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('delivers in the order of sending', async () => {
    const queue = await broker.queue();
    const sender = broker.client().createSender(queue);
    for (let i = 0; i < 10; i++) await sender.sendMessages({ body: i });
    const messages = await broker.client().createReceiver(queue).receiveMessages(10, SOON);
    expect(messages.map(({ body }) => body)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('takes in every message of a batch', async () => {
    const queue = await broker.queue();
    const sender = broker.client().createSender(queue);
    const batch = await sender.createMessageBatch();
    for (let i = 0; i < 50; i++) expect(batch.tryAddMessage({ body: i, messageId: `m${i}` })).toBe(true);
    await sender.sendMessages(batch);
    expect(batch.maxSizeInBytes).toBe(262_144);
    expect((await broker.counts(queue)).active).toBe(50);
    const messages = await broker.client().createReceiver(queue).receiveMessages(50, SOON);
    expect(messages.map(({ body, messageId }) => [body, messageId])).toEqual(
      Array.from({ length: 50 }, (_, i) => [i, `m${i}`]),
    );
  });

  it('refuses a message over 256 KB with MessageSizeExceeded', async () => {
    const queue = await broker.queue();
    const sender = broker.client().createSender(queue);
    await expect(sender.sendMessages({ body: Buffer.alloc(262_144) })).rejects.toMatchObject({
      code: 'MessageSizeExceeded',
    });
    await sender.sendMessages({ body: Buffer.alloc(250_000) });
    expect((await broker.counts(queue)).active).toBe(1);
  });

  it('delivers a message of many frames whole', async () => {
    const queue = await broker.queue();
    const body = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
    await broker.client().createSender(queue).sendMessages({ body });
    const message = only(await broker.client().createReceiver(queue).receiveMessages(1, SOON));
    expect(Buffer.compare(message.body, body)).toBe(0);
  });

  it('removes a message at once in receive-and-delete mode', async () => {
    const queue = await broker.queue();
    await broker
      .client()
      .createSender(queue)
      .sendMessages([{ body: 1 }, { body: 2 }]);
    const receiver = broker.client().createReceiver(queue, { receiveMode: 'receiveAndDelete' });
    expect((await receiver.receiveMessages(2, SOON)).map(({ body }) => body)).toEqual([1, 2]);
    expect(await broker.counts(queue)).toMatchObject({ active: 0, locked: 0 });
  });

  it('gives a locked message to no second receiver', async () => {
    const queue = await broker.queue();
    await broker.client().createSender(queue).sendMessages({ body: 1 });
    only(await broker.client().createReceiver(queue).receiveMessages(1, SOON));
    expect(await broker.client().createReceiver(queue).receiveMessages(1, BRIEFLY)).toEqual([]);
  });

  it('answers a receive on an empty queue when its wait is over, and the next one still works', async () => {
    const queue = await broker.queue();
    const receiver = broker.client().createReceiver(queue);
    expect(await receiver.receiveMessages(5, BRIEFLY)).toEqual([]);
    await broker.client().createSender(queue).sendMessages({ body: 1 });
    expect(only(await receiver.receiveMessages(5, SOON)).body).toBe(1);
    expect(await receiver.receiveMessages(5, BRIEFLY)).toEqual([]);
  });

  it('drains exactly when the last credit is used: batches follow each other without a pause', async () => {
    const queue = await broker.queue();
    await broker
      .client()
      .createSender(queue)
      .sendMessages(Array.from({ length: 30 }, (_, i) => ({ body: i })));
    const receiver = broker.client().createReceiver(queue);
    const bodies: unknown[] = [];
    for (let i = 0; i < 10; i++) {
      for (const message of await receiver.receiveMessages(3, SOON)) {
        bodies.push(message.body);
        await receiver.completeMessage(message);
      }
    }
    expect(bodies).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('wakes a waiting receiver when a message comes', async () => {
    const queue = await broker.queue();
    const waiting = broker.client().createReceiver(queue).receiveMessages(1, SOON);
    await sleep(200);
    await broker.client().createSender(queue).sendMessages({ body: 'now' });
    expect(only(await waiting).body).toBe('now');
  });

  it('streams to subscribe() no more than its concurrent calls at a time', async () => {
    const queue = await broker.queue();
    await broker
      .client()
      .createSender(queue)
      .sendMessages(Array.from({ length: 20 }, (_, i) => ({ body: i })));
    let running = 0;
    let most = 0;
    let done = 0;
    const subscription = broker
      .client()
      .createReceiver(queue)
      .subscribe(
        {
          async processMessage() {
            most = Math.max(most, ++running);
            await sleep(20);
            running--;
            done++;
          },
          async processError() {},
        },
        { maxConcurrentCalls: 4 },
      );
    await until(async () => done === 20 && (await broker.counts(queue)).active === 0, 'all are completed');
    await subscription.close();
    expect(most).toBe(4);
  });

  it('shares messages between competing receivers', async () => {
    const queue = await broker.queue();
    const got = [0, 0];
    const subscriptions = got.map((_, i) =>
      broker
        .client()
        .createReceiver(queue)
        .subscribe({
          async processMessage() {
            got[i] = (got[i] ?? 0) + 1;
            await sleep(5);
          },
          async processError() {},
        }),
    );
    await sleep(200);
    await broker
      .client()
      .createSender(queue)
      .sendMessages(Array.from({ length: 20 }, (_, i) => ({ body: i })));
    await until(async () => (await broker.counts(queue)).active === 0, 'the queue is empty');
    await Promise.all(subscriptions.map((each) => each.close()));
    expect((got[0] ?? 0) + (got[1] ?? 0)).toBe(20);
    expect(Math.min(...got)).toBeGreaterThan(4);
  });

  it('answers an unknown entity with MessagingEntityNotFound, to senders and receivers', async () => {
    const client = broker.client();
    const notFound = { code: 'MessagingEntityNotFound' };
    await expect(client.createSender('nowhere').sendMessages({ body: 1 })).rejects.toMatchObject(notFound);
    await expect(client.createReceiver('nowhere').receiveMessages(1, BRIEFLY)).rejects.toMatchObject(notFound);
    await expect(client.createReceiver('nowhere').peekMessages(1)).rejects.toMatchObject(notFound);
  });

  it('finds entities whatever the case of their names', async () => {
    const queue = await broker.queue();
    await broker.client().createSender(queue.toUpperCase()).sendMessages({ body: 1 });
    expect((await broker.counts(queue)).active).toBe(1);
  });
});
