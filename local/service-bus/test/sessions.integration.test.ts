import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceBusSessionReceiver } from '@azure/service-bus';
import { describe, expect, it } from 'vitest';
import { BRIEFLY, only, type Properties, SOON, until, useBroker } from './support.ts';

const broker = useBroker();

/** A queue with sessions that holds these messages, each `session:body`. */
async function sessionQueue(messages: readonly string[], properties: Properties = {}): Promise<string> {
  const queue = await broker.queue({ RequiresSession: true, ...properties });
  const sender = broker.client().createSender(queue);
  for (const message of messages) {
    const [sessionId = '', body] = message.split(':');
    await sender.sendMessages({ sessionId, body });
  }
  return queue;
}

const bodies = async (receiver: ServiceBusSessionReceiver, count: number, wait = SOON): Promise<unknown[]> =>
  (await receiver.receiveMessages(count, wait)).map(({ body }) => body);

const NO_RENEWAL = { maxAutoLockRenewalDurationInMs: 0 };

describe('accepting a session', () => {
  it('by its id gives its messages only, first in first out', async () => {
    const queue = await sessionQueue(['a:1', 'b:2', 'a:3', 'b:4', 'a:5']);
    const receiver = await broker.client().acceptSession(queue, 'a');
    expect(receiver.sessionId).toBe('a');
    expect(await bodies(receiver, 3)).toEqual(['1', '3', '5']);
  });

  it('accept next gives the session that has waited longest, then the next one', async () => {
    const queue = await sessionQueue(['x:1', 'y:2', 'x:3']);
    const client = broker.client();
    expect((await client.acceptNextSession(queue)).sessionId).toBe('x');
    expect((await client.acceptNextSession(queue)).sessionId).toBe('y');
  });

  it('accept next waits for a session to get a message', async () => {
    const queue = await sessionQueue([]);
    const waiting = broker.client().acceptNextSession(queue);
    await sleep(300);
    await broker.client().createSender(queue).sendMessages({ sessionId: 'late', body: 'b' });
    const receiver = await waiting;
    expect(receiver.sessionId).toBe('late');
    expect(await bodies(receiver, 1)).toEqual(['b']);
  });

  it('accept next ends with ServiceTimeout when no session comes', async () => {
    const queue = await sessionQueue([]);
    const client = broker.client({ maxRetries: 0, timeoutInMs: 700 });
    await expect(client.acceptNextSession(queue)).rejects.toMatchObject({ code: 'ServiceTimeout' });
  });

  it('gives nothing to one who has stopped waiting', async () => {
    const queue = await sessionQueue([]);
    const impatient = broker.client({ maxRetries: 0, timeoutInMs: 500 });
    await expect(impatient.acceptNextSession(queue)).rejects.toMatchObject({ code: 'ServiceTimeout' });
    await broker.client().createSender(queue).sendMessages({ sessionId: 's', body: 'b' });
    expect((await broker.client().acceptNextSession(queue)).sessionId).toBe('s');
  });

  it('by id works for a session without messages', async () => {
    const queue = await sessionQueue([]);
    const receiver = await broker.client().acceptSession(queue, 'empty');
    await broker.client().createSender(queue).sendMessages({ sessionId: 'empty', body: 'b' });
    expect(await bodies(receiver, 1)).toEqual(['b']);
  });

  it('of another holder answers SessionCannotBeLocked', async () => {
    const queue = await sessionQueue(['a:1']);
    await broker.client().acceptSession(queue, 'a');
    await expect(broker.client().acceptSession(queue, 'a')).rejects.toMatchObject({ code: 'SessionCannotBeLocked' });
  });

  it('is refused on a queue without sessions, as a plain receiver is on a queue with them', async () => {
    const plain = await broker.queue();
    const withSessions = await sessionQueue([]);
    const client = broker.client();
    await expect(client.acceptNextSession(plain)).rejects.toThrow(/InvalidOperation/);
    await expect(client.createReceiver(withSessions).receiveMessages(1, BRIEFLY)).rejects.toThrow(/InvalidOperation/);
  });

  it('a message without a session id is refused', async () => {
    const queue = await sessionQueue([]);
    await expect(broker.client().createSender(queue).sendMessages({ body: 1 })).rejects.toThrow(/session id/);
    expect((await broker.counts(queue)).active).toBe(0);
  });
});

describe('a held session', () => {
  it('gives new messages to its holder as they come', async () => {
    const queue = await sessionQueue(['a:1']);
    const receiver = await broker.client().acceptSession(queue, 'a');
    const got: unknown[] = [];
    receiver.subscribe({
      async processMessage({ body }) {
        got.push(body);
      },
      async processError() {},
    });
    await until(() => got.length === 1, 'the first message is there');
    await broker.client().createSender(queue).sendMessages({ sessionId: 'a', body: '2' });
    await until(() => got.length === 2, 'the second message is there');
    expect(got).toEqual(['1', '2']);
  });

  it('is free as soon as its receiver closes; unsettled messages come again, uncounted', async () => {
    const queue = await sessionQueue(['a:1', 'a:2']);
    const first = await broker.client().acceptSession(queue, 'a');
    expect(await bodies(first, 2)).toEqual(['1', '2']);
    await first.close();
    const second = await broker.client().acceptSession(queue, 'a');
    const again = await second.receiveMessages(2, SOON);
    expect(again.map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual([
      ['1', 0],
      ['2', 0],
    ]);
  });

  it('goes to one who waits as soon as its receiver closes', async () => {
    const queue = await sessionQueue(['a:1']);
    const first = await broker.client().acceptNextSession(queue);
    const waiting = broker.client().acceptNextSession(queue);
    await sleep(200);
    await first.close();
    const second = await waiting;
    expect(second.sessionId).toBe('a');
    expect(await bodies(second, 1)).toEqual(['1']);
  });

  it('is free at once when the connection of its holder breaks', async () => {
    const queue = await sessionQueue(['a:1']);
    const client = broker.client();
    const receiver = await client.acceptSession(queue, 'a');
    expect(await bodies(receiver, 1)).toEqual(['1']);
    expect(await broker.fault({ kind: 'drop-connection', entity: queue })).toBeGreaterThan(0);
    const next = await broker.client().acceptSession(queue, 'a');
    expect(await bodies(next, 1)).toEqual(['1']);
  });

  it('settles each way', async () => {
    const queue = await sessionQueue(['a:1', 'a:2', 'a:3', 'a:4']);
    const receiver = await broker.client().acceptSession(queue, 'a');
    const [one, two, three, four] = await receiver.receiveMessages(4, SOON);
    if (!one || !two || !three || !four) throw new Error('Expected four messages.');
    await receiver.completeMessage(one);
    await receiver.deferMessage(two);
    await receiver.deadLetterMessage(three, { deadLetterReason: 'r', deadLetterErrorDescription: 'd' });
    await receiver.abandonMessage(four);
    expect(await broker.counts(queue)).toMatchObject({ active: 1, deferred: 1, deadLetter: 1, locked: 0 });
    const again = only(await receiver.receiveMessages(1, SOON));
    expect([again.body, again.deliveryCount]).toEqual(['4', 1]);
    const deferred = only(await receiver.receiveDeferredMessages(two.sequenceNumber ?? []));
    expect(deferred.body).toBe('2');
    await receiver.completeMessage(deferred);
    expect((await broker.counts(queue)).deferred).toBe(0);
  });

  it('dead-letters to a queue without sessions, with the session id', async () => {
    const queue = await sessionQueue(['a:1']);
    const receiver = await broker.client().acceptSession(queue, 'a');
    await receiver.deadLetterMessage(only(await receiver.receiveMessages(1, SOON)));
    const dead = only(
      await broker.client().createReceiver(queue, { subQueueType: 'deadLetter' }).receiveMessages(1, SOON),
    );
    expect(dead.sessionId).toBe('a');
  });

  it('peeks at its own messages only', async () => {
    const queue = await sessionQueue(['a:1', 'b:2', 'a:3']);
    const receiver = await broker.client().acceptSession(queue, 'a');
    expect((await receiver.peekMessages(5)).map(({ body }) => body)).toEqual(['1', '3']);
  });
});

describe('a session lock', () => {
  it('ends when the queue says, and shows in the messages', async () => {
    const queue = await sessionQueue(['a:1'], { LockDuration: 'PT20S' });
    const receiver = await broker.client().acceptSession(queue, 'a');
    const left = Number(receiver.sessionLockedUntilUtc) - Date.now();
    expect(left).toBeGreaterThan(17_000);
    expect(left).toBeLessThanOrEqual(20_000);
    const message = only(await receiver.receiveMessages(1, SOON));
    expect(message.lockedUntilUtc).toEqual(receiver.sessionLockedUntilUtc);
  });

  it('runs out: the session is free, its messages count a failed delivery, settling answers SessionLockLost', async () => {
    const queue = await sessionQueue(['a:1'], { LockDuration: 'PT0.5S' });
    const receiver = await broker.client().acceptSession(queue, 'a', NO_RENEWAL);
    const message = only(await receiver.receiveMessages(1, SOON));
    await until(async () => (await broker.counts(queue)).locked === 0, 'the lock is over');
    await expect(receiver.completeMessage(message)).rejects.toMatchObject({ code: 'SessionLockLost' });
    const next = await broker.client().acceptNextSession(queue, NO_RENEWAL);
    expect(only(await next.receiveMessages(1, SOON)).deliveryCount).toBe(1);
  });

  it('that runs out for the last allowed time sends the held message to the dead-letter queue', async () => {
    const queue = await sessionQueue(['a:1', 'a:2'], { MaxDeliveryCount: 1 });
    const receiver = await broker.client().acceptSession(queue, 'a', NO_RENEWAL);
    only(await receiver.receiveMessages(1, SOON));
    expect(await broker.fault({ kind: 'expire-lock', entity: queue, sessionId: 'a' })).toBe(1);
    expect(await broker.counts(queue)).toMatchObject({ active: 1, deadLetter: 1 });
  });

  it('is prolonged by renewal', async () => {
    const queue = await sessionQueue(['a:1'], { LockDuration: 'PT0.6S' });
    const receiver = await broker.client().acceptSession(queue, 'a', NO_RENEWAL);
    const message = only(await receiver.receiveMessages(1, SOON));
    for (let i = 0; i < 4; i++) {
      await sleep(300);
      expect(Number(await receiver.renewSessionLock())).toBeGreaterThan(Date.now() + 300);
    }
    await receiver.completeMessage(message);
    expect((await broker.counts(queue)).active).toBe(0);
  });

  it('cannot be renewed once it is lost', async () => {
    const queue = await sessionQueue(['a:1']);
    const receiver = await broker.client().acceptSession(queue, 'a', NO_RENEWAL);
    await broker.fault({ kind: 'expire-lock', entity: queue, sessionId: 'a' });
    await expect(receiver.renewSessionLock()).rejects.toMatchObject({ code: 'SessionLockLost' });
  });
});

describe('a session state', () => {
  it('is kept with the session, also when its holder goes', async () => {
    const queue = await sessionQueue([]);
    const first = await broker.client().acceptSession(queue, 'a');
    expect(await first.getSessionState()).toBeNull();
    await first.setSessionState(Buffer.from('half way'));
    await first.close();
    const second = await broker.client().acceptSession(queue, 'a');
    expect(String(await second.getSessionState())).toBe('half way');
  });

  it('reads as null after it was set to null', async () => {
    const queue = await sessionQueue([]);
    const receiver = await broker.client().acceptSession(queue, 'a');
    await receiver.setSessionState(Buffer.from('x'));
    await receiver.setSessionState(null);
    expect(await receiver.getSessionState()).toBeNull();
  });

  it('is all that keeps a session without messages and holder', async () => {
    const queue = await sessionQueue([]);
    const without = await broker.client().acceptSession(queue, 'a');
    const withState = await broker.client().acceptSession(queue, 'b');
    await withState.setSessionState(Buffer.from('x'));
    expect((await broker.counts(queue)).sessions).toBe(2);
    await without.close();
    await withState.close();
    await until(async () => (await broker.counts(queue)).sessions === 1, 'the one is forgotten');
  });
});
