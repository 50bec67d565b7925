import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../duration.ts';
import { BRIEFLY, only, SOON, until, useBroker } from './support.ts';

const broker = useBroker();
const RETRYING = { maxRetries: 5, retryDelayInMs: 50, timeoutInMs: 5000 };

describe('the control plane', () => {
  it('makes a queue, changes it, shows it and deletes it', async () => {
    const path = '/__control/queues/made-here';
    expect((await broker.control('GET', path)).status).toBe(404);
    const made = await broker.control('PUT', path, { LockDuration: 'PT5S', RequiresSession: true });
    expect(made.status).toBe(201);
    expect((await broker.control('PUT', path, { LockDuration: 'PT7S', RequiresSession: true })).status).toBe(200);
    const shown = await broker.control('GET', path);
    expect(shown.body.settings).toMatchObject({ RequiresSession: true, MaxDeliveryCount: 10 });
    expect(parseDuration(shown.body.settings.LockDuration)).toBe(7000);
    expect(parseDuration(shown.body.settings.DefaultMessageTimeToLive)).toBe(Number.POSITIVE_INFINITY);
    expect(shown.body.counts).toEqual({ active: 0, scheduled: 0, deferred: 0, deadLetter: 0, locked: 0, sessions: 0 });
    expect((await broker.control('DELETE', path)).status).toBe(204);
    expect((await broker.control('GET', path)).status).toBe(404);
    expect((await broker.control('DELETE', path)).status).toBe(404);
  });

  it('makes topics and subscriptions, shows and deletes them', async () => {
    const topic = await broker.topic({ DefaultMessageTimeToLive: 'PT1H' }, { sub: { MaxDeliveryCount: 3 } });
    const shown = await broker.control('GET', `/__control/topics/${topic}`);
    expect(shown.body.subscriptions).toMatchObject([{ settings: { MaxDeliveryCount: 3 }, counts: { active: 0 } }]);
    const path = `/__control/topics/${topic}/subscriptions/sub`;
    expect((await broker.control('GET', path)).body.settings.MaxDeliveryCount).toBe(3);
    expect((await broker.control('DELETE', path)).status).toBe(204);
    expect((await broker.control('GET', path)).status).toBe(404);
    expect((await broker.control('DELETE', `/__control/topics/${topic}`)).status).toBe(204);
    expect((await broker.control('GET', path)).status).toBe(404);
  });

  it('reads names with slashes percent-encoded', async () => {
    await broker.control('PUT', '/__control/queues/a%2Fb', {});
    await broker.client().createSender('a/b').sendMessages({ body: 1 });
    expect((await broker.counts('a%2Fb')).active).toBe(1);
  });

  it('names what is wrong with a request', async () => {
    const bad = await broker.control('PUT', '/__control/queues/bad', { LockDuration: '1 minute', Nonsense: 1 });
    expect(bad.status).toBe(400);
    expect(bad.body.error).toContain("LockDuration: '1 minute' is not an ISO 8601 duration");
    expect(bad.body.error).toContain('Nonsense');
    const queue = await broker.queue();
    const changed = await broker.control('PUT', `/__control/queues/${queue}`, { RequiresSession: true });
    expect(changed).toMatchObject({ status: 409, body: { error: expect.stringContaining('RequiresSession') } });
    expect((await broker.control('PUT', `/__control/topics/${queue}`, {})).status).toBe(409);
    expect((await broker.control('POST', '/__control/faults', { kind: 'nothing' })).status).toBe(400);
    expect((await broker.control('GET', '/elsewhere')).status).toBe(404);
    expect((await broker.control('PATCH', `/__control/queues/${queue}`, {})).status).toBe(405);
  });

  it('tells its health', async () => {
    await broker
      .client()
      .createSender(await broker.queue())
      .createMessageBatch();
    const { status, body } = await broker.control('GET', '/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'healthy', port: broker.running.port });
    expect(body.connections).toBeGreaterThan(0);
  });

  it('ends the links of a queue that it deletes', async () => {
    const queue = await broker.queue();
    const errors: unknown[] = [];
    broker
      .client()
      .createReceiver(queue)
      .subscribe({
        async processMessage() {},
        async processError({ error }) {
          errors.push(error);
        },
      });
    await sleep(200);
    await broker.control('DELETE', `/__control/queues/${queue}`);
    await until(() => errors.length > 0, 'the receiver hears of it');
    expect(errors[0]).toMatchObject({ code: 'MessagingEntityNotFound' });
  });
});

describe('a fault on demand', () => {
  it('detaches links: a subscriber hears of it and goes on', async () => {
    const queue = await broker.queue();
    const got: unknown[] = [];
    broker
      .client(RETRYING)
      .createReceiver(queue)
      .subscribe({
        async processMessage({ body }) {
          got.push(body);
        },
        async processError() {},
      });
    await sleep(200);
    expect(await broker.fault({ kind: 'detach-link', entity: queue })).toBe(1);
    await broker.client().createSender(queue).sendMessages({ body: 'after' });
    await until(() => got.includes('after'), 'the message arrives');
  });

  it('detaches with the condition it is told', async () => {
    const queue = await broker.queue();
    const errors: unknown[] = [];
    broker
      .client(RETRYING)
      .createReceiver(queue)
      .subscribe({
        async processMessage() {},
        async processError({ error }) {
          errors.push(error);
        },
      });
    await sleep(200);
    await broker.fault({ kind: 'detach-link', entity: queue, condition: 'com.microsoft:entity-disabled' });
    await until(() => errors.length > 0, 'the receiver hears of it');
    expect(errors[0]).toMatchObject({ code: 'MessagingEntityDisabled' });
  });

  it('drops the connections of one entity only', async () => {
    const [one, other] = [await broker.queue(), await broker.queue()];
    await broker.client().createSender(one).createMessageBatch();
    const kept = broker.client().createSender(other);
    await kept.createMessageBatch();
    expect(await broker.fault({ kind: 'drop-connection', entity: one })).toBe(1);
    await kept.sendMessages({ body: 1 });
    expect((await broker.counts(other)).active).toBe(1);
  });

  it('drops all connections: clients connect again', async () => {
    const queue = await broker.queue();
    const got: unknown[] = [];
    broker
      .client(RETRYING)
      .createReceiver(queue)
      .subscribe({
        async processMessage({ body }) {
          got.push(body);
        },
        async processError() {},
      });
    const sender = broker.client(RETRYING).createSender(queue);
    await sender.sendMessages({ body: 'before' });
    await until(() => got.length === 1, 'the first message arrives');
    expect(await broker.fault({ kind: 'drop-all-connections' })).toBeGreaterThan(1);
    await sender.sendMessages({ body: 'after' });
    await until(() => got.includes('after'), 'the second message arrives');
  });

  it('refuses new connections for a while', async () => {
    const queue = await broker.queue();
    await broker.fault({ kind: 'refuse-connections', forMs: 600 });
    await expect(broker.client().createSender(queue).sendMessages({ body: 1 })).rejects.toThrow();
    await sleep(600);
    await broker.client().createSender(queue).sendMessages({ body: 2 });
    expect((await broker.counts(queue)).active).toBe(1);
  });

  it('answers server-busy as often as told, to sends and to management requests', async () => {
    const queue = await broker.queue();
    const client = broker.client();
    const [sender, receiver] = [client.createSender(queue), client.createReceiver(queue)];
    await broker.fault({ kind: 'server-busy', entity: queue, times: 2 });
    await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'ServiceBusy' });
    await expect(receiver.peekMessages(1)).rejects.toMatchObject({ code: 'ServiceBusy' });
    await sender.sendMessages({ body: 2 });
    expect(only(await receiver.peekMessages(5)).body).toBe(2);
  });

  it('refuses tokens', async () => {
    const queue = await broker.queue();
    await broker.fault({ kind: 'refuse-cbs', times: 1 });
    const sender = broker.client().createSender(queue);
    await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'UnauthorizedAccess' });
    await sender.sendMessages({ body: 1 });
  });

  it('expires a lock now', async () => {
    const queue = await broker.queue();
    await broker
      .client()
      .createSender(queue)
      .sendMessages([
        { body: 1, messageId: 'one' },
        { body: 2, messageId: 'two' },
      ]);
    const receiver = broker.client().createReceiver(queue);
    await receiver.receiveMessages(2, SOON);
    expect(await broker.fault({ kind: 'expire-lock', entity: queue, messageId: 'two' })).toBe(1);
    const again = only(await broker.client().createReceiver(queue).receiveMessages(2, BRIEFLY));
    expect([again.body, again.deliveryCount]).toEqual([2, 1]);
  });

  it('expires a session lock now: its holder hears SessionLockLost', async () => {
    const queue = await broker.queue({ RequiresSession: true });
    const receiver = await broker.client().acceptSession(queue, 's');
    const errors: unknown[] = [];
    receiver.subscribe({
      async processMessage() {},
      async processError({ error }) {
        errors.push(error);
      },
    });
    await sleep(100);
    expect(await broker.fault({ kind: 'expire-lock', entity: queue, sessionId: 's' })).toBe(1);
    await until(() => errors.length > 0, 'the holder hears of it');
    expect(errors[0]).toMatchObject({ code: 'SessionLockLost' });
  });

  it('of an unknown entity, or of a lock that the entity does not have, is refused', async () => {
    const [plain, withSessions] = [await broker.queue(), await broker.queue({ RequiresSession: true })];
    const topic = await broker.topic({}, {});
    const post = (fault: object) => broker.control('POST', '/__control/faults', fault);
    expect(await post({ kind: 'detach-link', entity: 'nowhere' })).toMatchObject({
      status: 404,
      body: { error: "There is no entity 'nowhere'." },
    });
    expect((await post({ kind: 'server-busy', entity: 'nowhere' })).status).toBe(404);
    expect((await post({ kind: 'expire-lock', entity: plain, sessionId: 's' })).status).toBe(400);
    expect((await post({ kind: 'expire-lock', entity: withSessions, messageId: 'm' })).status).toBe(400);
    expect((await post({ kind: 'expire-lock', entity: topic })).status).toBe(400);
  });
});
