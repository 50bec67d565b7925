import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DuplicateWindow } from '../duplicate-window.ts';
import { swapGuidOrder } from '../lock-token.ts';
import { ReadyList } from '../ready-list.ts';
import { Timeline } from '../timeline.ts';

describe('the ready list', () => {
  it('behaves like a sorted list, whatever is added, taken and removed', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), at: fc.nat({ max: 2000 }) }),
      fc.record({ kind: fc.constant('take' as const), at: fc.nat() }),
      fc.record({ kind: fc.constant('remove' as const), at: fc.nat({ max: 2000 }) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 3000, size: 'max' }), (operations) => {
        const list = new ReadyList<{ readonly sequenceNumber: number }>();
        const items = new Map<number, { readonly sequenceNumber: number }>();
        let model: number[] = [];
        for (const { kind, at } of operations) {
          const item = items.get(at) ?? { sequenceNumber: at };
          items.set(at, item);
          if (kind === 'add' && !model.includes(at)) {
            list.add(item);
            model = [...model, at].sort((a, b) => a - b);
          } else if (kind === 'remove') {
            expect(list.remove(item)).toBe(model.includes(at));
            model = model.filter((each) => each !== at);
          } else if (kind === 'take') {
            expect(list.takeFirst()?.sequenceNumber).toBe(model.shift());
          }
          expect(list.size).toBe(model.length);
          expect(list.first?.sequenceNumber).toBe(model[0]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('keeps its order over tens of thousands of messages', () => {
    const list = new ReadyList<{ readonly sequenceNumber: number }>();
    for (let i = 0; i < 50_000; i++) list.add({ sequenceNumber: i });
    for (let i = 0; i < 50_000; i++) expect(list.takeFirst()?.sequenceNumber).toBe(i);
    expect(list.takeFirst()).toBeUndefined();
  });
});

describe('with a clock of its own', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('the timeline runs each action once, in the order of time, and none that was cancelled', () => {
    const moments = fc.array(fc.record({ at: fc.nat({ max: 5000 }), isCancelled: fc.boolean() }), { maxLength: 200 });
    fc.assert(
      fc.property(moments, (entries) => {
        const timeline = new Timeline();
        const start = Date.now();
        const ran: number[] = [];
        for (const { at, isCancelled } of entries) {
          const cancel = timeline.at(start + at, () => {
            expect(Date.now()).toBeGreaterThanOrEqual(start + at);
            ran.push(at);
          });
          if (isCancelled) cancel();
        }
        const expected = entries.filter(({ isCancelled }) => !isCancelled).map(({ at }) => at);
        expect(timeline.size).toBe(expected.length);
        vi.advanceTimersByTime(6000);
        expect(ran).toEqual(expected.sort((a, b) => a - b));
        expect(timeline.size).toBe(0);
        timeline.close();
      }),
    );
  });

  it('the timeline reaches moments that are further away than one timer can', () => {
    const timeline = new Timeline();
    const action = vi.fn();
    timeline.at(60 * 86_400_000, action);
    vi.advanceTimersByTime(60 * 86_400_000 - 1);
    expect(action).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(action).toHaveBeenCalledOnce();
  });

  it('the timeline forgets what was cancelled, and everything when it is closed', () => {
    const timeline = new Timeline();
    const action = vi.fn();
    const cancels = Array.from({ length: 10_000 }, (_, i) => timeline.at(1000 + i, action));
    for (const cancel of cancels.slice(1)) cancel();
    expect(timeline.size).toBe(1);
    timeline.close();
    timeline.at(5, action);
    vi.advanceTimersByTime(20_000);
    expect(action).not.toHaveBeenCalled();
  });

  it('the duplicate window knows an id for its time and then forgets it', () => {
    const window = new DuplicateWindow(1000);
    expect(window.isDuplicate('a', 0)).toBe(false);
    expect(window.isDuplicate('a', 999)).toBe(true);
    expect(window.isDuplicate('b', 999)).toBe(false);
    expect(window.isDuplicate('a', 1000)).toBe(false);
    expect(window.size).toBe(2);
    expect(window.isDuplicate('c', 5000)).toBe(false);
    expect(window.size).toBe(1);
  });

  it('a duplicate window of zero knows nothing', () => {
    const window = new DuplicateWindow(0);
    expect([window.isDuplicate('a', 0), window.isDuplicate('a', 0)]).toEqual([false, false]);
  });
});

describe('the lock token', () => {
  it('is shown with the first three fields of its bytes reversed, and swapping twice gives it back', () => {
    const tag = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
    expect(swapGuidOrder(tag).toString('hex')).toBe('33221100554477668899aabbccddeeff');
    expect(swapGuidOrder(swapGuidOrder(tag))).toEqual(tag);
  });
});
