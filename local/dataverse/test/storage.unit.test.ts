import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../limits/budget.ts';
import { SlidingWindow } from '../limits/sliding-window.ts';
import { defaultSettings } from '../settings.ts';
import { ChangeLog } from '../store/change-log.ts';
import { ValueData } from '../store/column-data.ts';
import { parseGuid } from '../store/guid.ts';
import { PrimaryKeyOrder } from '../store/primary-key-order.ts';
import { RowStore } from '../store/row-store.ts';
import { guid } from './support.ts';

describe('the order of primary keys', () => {
  it('is that of the ids as text, however they came in', () => {
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(fc.uuid(), { maxLength: 40 }), { maxLength: 5 }), (batches) => {
        const ids: string[] = [];
        const order = new PrimaryKeyOrder(ids);
        for (const batch of batches) {
          ids.push(...batch);
          expect([...order.slots()].map((slot) => ids[slot])).toEqual([...ids].sort());
        }
        for (const id of ids) expect(order.after(id)).toBe(ids.filter((other) => other <= id).length);
      }),
    );
  });

  it('is the same for the many rows that are sorted by digits', () => {
    const ids = Array.from({ length: 10_000 }, (_, i) =>
      guid((i * 7_919) % 10_000).replace(/^0{8}/, String(10_000_000 + (i % 97))),
    );

    const sorted = [...new PrimaryKeyOrder(ids).slots()].map((slot) => ids[slot]);

    expect(sorted).toEqual([...ids].sort());
  });
});

describe('a row store', () => {
  it('keeps what a map of rows would keep', () => {
    const id = fc.integer({ min: 1, max: 8 }).map(guid);
    const command = fc.tuple(fc.constantFrom('write', 'remove'), id);
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const rows = new RowStore();
        const model = new Map<string, number>();
        let version = 0;
        for (const [what, key] of commands) {
          const slot = rows.find(key);
          expect(slot !== undefined).toBe(model.has(key));
          version++;
          if (what === 'write') {
            rows.touch(slot ?? rows.insert(key, 0), version, 0);
            model.set(key, version);
          } else if (slot !== undefined) {
            rows.remove(slot, undefined, { version, at: 0 });
            model.delete(key);
          }
        }
        const told: [string, number][] = [];
        for (let i = 0; i < rows.changes.length; i++) {
          const [logged, slot] = [rows.changes.versionAt(i), rows.changes.slotAt(i)];
          if (rows.isCurrent(logged, slot)) told.push([rows.ids[slot] as string, logged]);
        }
        expect(rows.count).toBe(model.size);
        expect(told).toEqual([...model].sort(([, a], [, b]) => a - b));
      }),
    );
  });

  it('forgets log entries that no longer count before they fill the memory', () => {
    const rows = new RowStore();
    const slot = rows.insert(guid(1), 0);

    for (let version = 1; version <= 50_000; version++) rows.touch(slot, version, 0);

    expect(rows.changes.length).toBeLessThan(11_000);
    expect(rows.changes.versionAt(rows.changes.length - 1)).toBe(50_000);
  });
});

describe('columns and logs', () => {
  it('finds cells by value, in any casing, as writes go on', () => {
    const cell = fc.constantFrom('a', 'A', 'b', 'default', null);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 9 }), cell)),
        fc.array(fc.tuple(fc.nat({ max: 9 }), cell)),
        (before, after) => {
          const data = new ValueData('default');
          const model = new Map<number, string | null>();
          const put = (writes: typeof before) => {
            for (const [slot, value] of writes) {
              data.set(slot, value);
              model.set(slot, value);
            }
          };
          const expected = () => [...model].filter(([, value]) => value?.toLowerCase() === 'a').map(([slot]) => slot);
          put(before);
          expect([...(data.find(['A'], 100) ?? [])].sort()).toEqual(expected().sort());
          put(after);
          expect([...(data.find(['a'], 100) ?? [])].sort()).toEqual(expected().sort());
          for (let slot = 0; slot < 10; slot++)
            expect(data.get(slot)).toBe(model.has(slot) ? model.get(slot) : 'default');
        },
      ),
    );
  });

  it('gives up on values that too many rows have', () => {
    const data = new ValueData(null);
    for (let slot = 0; slot < 10; slot++) data.set(slot, 'x');

    expect(data.find(['x'], 9)).toBeUndefined();
    expect(data.find(['x'], 10)?.size).toBe(10);
  });

  it('finds the first change after a version', () => {
    const log = new ChangeLog();
    for (let i = 1; i <= 3_000; i++) log.append(i * 2, i);

    expect([0, 1, 2, 3, 5_999, 6_000].map((version) => log.after(version))).toEqual([0, 0, 1, 1, 2_999, 3_000]);
  });

  it('takes GUIDs in every form they are written in', () => {
    expect(parseGuid(`{${guid(10).toUpperCase()}}`)).toBe(guid(10));
    expect(parseGuid('0000')).toBeUndefined();
  });
});

describe('windows and budgets', () => {
  it('count what happened lately and know when it will have passed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 5 })), { maxLength: 50 }),
        (steps) => {
          const window = new SlidingWindow(100);
          const model: [number, number][] = [];
          let now = 0;
          for (const [pause, amount] of steps) {
            now += pause;
            window.add(now, amount);
            model.push([now, amount]);
            const total = (at: number) => model.filter(([time]) => time > at - 100).reduce((sum, [, a]) => sum + a, 0);
            expect(window.total(now)).toBe(total(now));
            const wait = window.timeUntil(now, 4);
            expect(total(now + wait)).toBeLessThanOrEqual(4);
            if (wait > 0) expect(total(now + wait - 1)).toBeGreaterThan(4);
          }
        },
      ),
    );
  });

  it('never let more through than their limits allow', () => {
    const settings = { ...defaultSettings(), requestsPerWindow: 5, windowSeconds: 1, concurrency: 3 };
    fc.assert(
      fc.property(fc.array(fc.constantFrom('enter', 'leave', 'wait'), { maxLength: 80 }), (steps) => {
        const budget = new Budget(settings);
        const entered: number[] = [];
        let [now, inFlight] = [0, 0];
        for (const step of steps) {
          if (step === 'wait') now += 130;
          else if (step === 'leave' && inFlight > 0) {
            inFlight--;
            budget.leave(now, 0);
          } else if (step === 'enter') {
            try {
              budget.enter(now);
              entered.push(now);
              inFlight++;
            } catch (error) {
              expect(error).toMatchObject({ status: 429 });
            }
          }
          expect(inFlight).toBeLessThanOrEqual(3);
          expect(entered.filter((time) => time > now - 1_000).length).toBeLessThanOrEqual(5);
        }
      }),
    );
  });
});
