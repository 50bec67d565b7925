import fc from 'fast-check';
import rhea from 'rhea';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { QueueSettings } from '../config.ts';
import { MessageQueue } from '../message-queue.ts';
import type { SessionLock } from '../session-table.ts';
import { type IncomingMessage, readIncoming, type StoredMessage } from '../stored-message.ts';
import { Timeline } from '../timeline.ts';

/*
 * Random sequences of operations against a queue and against a plain model of it. After each step both must hold the
 * same messages in the same states: nothing lost, nothing twice, the order kept.
 */

const LOCK_MS = 1000;
const MAX_DELIVERIES = 3;
const settings: QueueSettings = {
  requiresSession: false,
  lockDurationMs: LOCK_MS,
  maxDeliveryCount: MAX_DELIVERIES,
  defaultTimeToLiveMs: Number.POSITIVE_INFINITY,
  deadLetterOnExpiration: true,
  duplicateWindowMs: 0,
};

const incoming = (messageId: string, fields: object = {}): IncomingMessage =>
  readIncoming(rhea.message.encode({ body: messageId, message_id: messageId, ...fields }));

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('send' as const), ttl: fc.option(fc.integer({ min: 1, max: 4000 })) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeAndDelete' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'complete' as const,
        'abandon' as const,
        'release' as const,
        'defer' as const,
        'deadLetter' as const,
        'renew' as const,
      ),
      which: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeDeferred' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1500 }) }) },
);

interface ModelMessage {
  readonly id: string;
  place: 'ready' | 'locked' | 'deferred' | 'dead' | 'gone';
  isDeferred: boolean;
  failures: number;
  readonly expiresAtMs: number;
  lockedUntilMs: number;
  token: string;
}

/** What the queue should do, said as plainly as possible. */
class Model {
  readonly messages: ModelMessage[] = [];

  at(place: ModelMessage['place']): ModelMessage[] {
    return this.messages.filter((message) => message.place === place);
  }

  putBack(message: ModelMessage, failed: boolean, now: number): void {
    if (failed) message.failures++;
    if (message.expiresAtMs <= now || message.failures >= MAX_DELIVERIES) message.place = 'dead';
    else message.place = message.isDeferred ? 'deferred' : 'ready';
  }

  /** Lets time pass up to `now`: locks and lifetimes run out in the order of their ends. */
  passTime(now: number): void {
    for (const message of this.messages) {
      if (message.place === 'locked' && message.lockedUntilMs <= now)
        this.putBack(message, true, message.lockedUntilMs);
      const isWaiting = message.place === 'ready' || message.place === 'deferred';
      if (isWaiting && message.expiresAtMs <= now) message.place = 'dead';
    }
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const numberOf = (message: ModelMessage): number => Number(message.id);

describe('a queue', () => {
  it('does what its model does, step by step', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const timeline = new Timeline();
        const queue = new MessageQueue('q', settings, timeline);
        const model = new Model();
        const lockIn = (expected: ModelMessage | undefined, taken: StoredMessage | undefined): void => {
          expect(taken?.messageId).toBe(expected?.id);
          if (!expected || !taken?.lock) return;
          expect(taken.deliveryCount).toBe(expected.failures);
          Object.assign(expected, { place: 'locked', token: taken.lock.token, lockedUntilMs: Date.now() + LOCK_MS });
        };
        for (const each of steps) {
          const now = Date.now();
          const ready = model.at('ready');
          switch (each.kind) {
            case 'send': {
              const id = String(model.messages.length + 1);
              const number = queue.enqueue(incoming(id, each.ttl === null ? {} : { ttl: each.ttl }));
              expect(String(number)).toBe(id);
              const expiresAtMs = each.ttl === null ? Number.POSITIVE_INFINITY : now + each.ttl;
              model.messages.push({
                id,
                place: 'ready',
                isDeferred: false,
                failures: 0,
                expiresAtMs,
                lockedUntilMs: 0,
                token: '',
              });
              break;
            }
            case 'take':
              lockIn(ready[0], queue.take('lock'));
              break;
            case 'takeAndDelete':
              expect(queue.take('delete')?.messageId).toBe(ready[0]?.id);
              if (ready[0]) ready[0].place = 'gone';
              break;
            case 'takeDeferred': {
              const deferred = model.at('deferred');
              const message = deferred[each.which % Math.max(1, deferred.length)];
              if (message) lockIn(message, queue.takeDeferred([numberOf(message)], 'lock', undefined)[0]);
              break;
            }
            case 'wait':
              vi.advanceTimersByTime(each.ms);
              model.passTime(Date.now());
              break;
            default: {
              const given = model.messages.filter(({ token }) => token !== '');
              const message = given[each.which % Math.max(1, given.length)];
              if (!message) break;
              const settle = (): unknown =>
                each.kind === 'renew'
                  ? queue.renewLocks([message.token])
                  : queue[each.kind](message.token, undefined as never, undefined as never);
              if (message.place !== 'locked') {
                expect(settle).toThrow(/lock supplied is invalid/);
                break;
              }
              settle();
              if (each.kind === 'renew') message.lockedUntilMs = now + LOCK_MS;
              else if (each.kind === 'complete') message.place = 'gone';
              else if (each.kind === 'deadLetter') message.place = 'dead';
              else if (each.kind === 'defer') {
                const place = message.expiresAtMs <= now ? 'dead' : 'deferred';
                Object.assign(message, { place, isDeferred: true, failures: message.failures + 1 });
              } else model.putBack(message, each.kind === 'abandon', now);
            }
          }
          const counts = queue.counts();
          const held = model.at('locked');
          expect(counts).toMatchObject({
            active: model.at('ready').length + held.filter((message) => !message.isDeferred).length,
            deferred: model.at('deferred').length + held.filter((message) => message.isDeferred).length,
            deadLetter: model.at('dead').length,
            locked: held.length,
          });
        }
        const peeked = queue.peek(1, 1000, undefined).map(({ messageId }) => messageId);
        const living = model.messages.filter(
          ({ place, expiresAtMs }) => place !== 'gone' && place !== 'dead' && expiresAtMs > Date.now(),
        );
        expect(peeked).toEqual(living.map(({ id }) => id));
        queue.close();
        expect(timeline.size).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it('dead-letters a message that is deferred after its lifetime has ended', () => {
    const queue = new MessageQueue('q', settings, new Timeline());
    queue.enqueue(incoming('m', { ttl: 100 }));
    const message = queue.take('lock');
    vi.advanceTimersByTime(100);
    queue.defer(message?.lock?.token ?? '');
    expect(queue.counts()).toMatchObject({ deferred: 0, deadLetter: 1 });
  });

  it('leaves no timer behind when everything is completed', () => {
    const timeline = new Timeline();
    const queue = new MessageQueue('q', settings, timeline);
    for (let i = 0; i < 1000; i++) queue.enqueue(incoming(String(i), { ttl: 60_000 }));
    for (let i = 0; i < 1000; i++) queue.complete(queue.take('lock')?.lock?.token ?? '');
    expect(queue.counts()).toMatchObject({ active: 0, locked: 0 });
    expect(timeline.size).toBe(0);
  });

  it('dead-letters what expires while it is deferred', () => {
    const queue = new MessageQueue('q', settings, new Timeline());
    queue.enqueue(incoming('m', { ttl: 2000 }));
    queue.defer(queue.take('lock')?.lock?.token ?? '');
    vi.advanceTimersByTime(2000);
    expect(queue.counts()).toMatchObject({ deferred: 0, deadLetter: 1 });
  });
});

describe('a queue with sessions', () => {
  const holder = (linkName: string) => ({ linkName, messagesReady: vi.fn(), sessionLockLost: vi.fn() });

  it('keeps each session in order, with one holder at a time, however it is taken and lost', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('send' as const), session: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ kind: fc.constant('next' as const) }),
      fc.record({ kind: fc.constant('complete' as const), which: fc.nat() }),
      fc.record({ kind: fc.constantFrom('release' as const, 'expire' as const), which: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 150, size: 'max' }), (actions) => {
        const queue = new MessageQueue(
          'q',
          { ...settings, requiresSession: true, maxDeliveryCount: 1000 },
          new Timeline(),
        );
        const sessions = queue.sessions;
        if (!sessions) throw new Error('The queue has no sessions.');
        const sent: Record<string, string[]> = { a: [], b: [], c: [] };
        let held: SessionLock[] = [];
        for (const [i, each] of actions.entries()) {
          if (each.kind === 'send') {
            const id = String(i);
            sent[each.session]?.push(id);
            queue.enqueue(incoming(id, { group_id: each.session }));
          } else if (each.kind === 'next') {
            const lock = sessions.acceptNext(holder(`link-${i}`));
            const isFree = (session: string): boolean => !held.some(({ sessionId }) => sessionId === session);
            const waiting = Object.entries(sent).filter(([session, ids]) => isFree(session) && ids.length > 0);
            const oldest = waiting.sort(([, a], [, b]) => Number(a[0]) - Number(b[0]))[0];
            expect(lock?.sessionId).toBe(oldest?.[0]);
            if (lock) held.push(lock);
          } else {
            const lock = held[each.which % Math.max(1, held.length)];
            if (!lock) continue;
            if (each.kind === 'complete') {
              const message = queue.take('lock', lock);
              expect(message?.messageId).toBe(sent[lock.sessionId]?.shift());
              if (message?.lock) queue.complete(message.lock.token);
              continue;
            }
            // What is in its hands when the session goes must come first again.
            queue.take('lock', lock);
            if (each.kind === 'release') sessions.release(lock);
            else expect(sessions.expireNow(lock.sessionId)).toBe(1);
            held = held.filter((other) => other !== lock);
            expect(queue.take('lock', lock)).toBeUndefined();
          }
        }
        const left = Object.values(sent).reduce((sum, ids) => sum + ids.length, 0);
        expect(queue.counts()).toMatchObject({ active: left, locked: 0 });
      }),
      { numRuns: 200 },
    );
  });

  it('serves those who wait for a session in the order of their coming', () => {
    const queue = new MessageQueue('q', { ...settings, requiresSession: true }, new Timeline());
    const granted: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      queue.sessions?.wait(holder(name), ({ sessionId }) => granted.push(`${name} ${sessionId}`));
    }
    for (const [id, group_id] of [
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'b'],
    ] as const) {
      queue.enqueue(incoming(id, { group_id }));
    }
    expect(granted).toEqual(['first a', 'second b']);
  });

  it('lets only the holding link work with the session', () => {
    const queue = new MessageQueue('q', { ...settings, requiresSession: true }, new Timeline());
    queue.sessions?.accept('a', holder('mine'));
    expect(queue.sessions?.renew('a', 'mine')).toBe(Date.now() + LOCK_MS);
    expect(() => queue.sessions?.renew('a', 'other')).toThrow(/lost/);
    expect(() => queue.sessions?.setState('a', 'other', Buffer.from('x'))).toThrow(/lost/);
    expect(() => queue.sessions?.state('b', undefined)).toThrow(/lost/);
    vi.advanceTimersByTime(LOCK_MS);
    expect(() => queue.sessions?.renew('a', 'mine')).toThrow(/lost/);
  });
});
