import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNcrontab } from '../ncrontab.ts';

const next = (expression: string, after: string): string | undefined =>
  parseNcrontab(expression).next(new Date(after))?.toISOString().replace('.000Z', '');

describe('parseNcrontab', () => {
  it.each([
    ['0 */5 * * * *', '2026-11-22T10:00:00Z', '2026-11-22T10:05:00'],
    ['*/10 * * * * *', '2026-11-22T10:00:59.500Z', '2026-11-22T10:01:00'],
    ['0 30 9 * * 1-5', '2026-11-20T09:30:00Z', '2026-11-23T09:30:00'],
    ['0 0 0 1 Jan *', '2026-11-22T10:00:00Z', '2027-01-01T00:00:00'],
    ['0 0 0 29 2 *', '2026-11-22T10:00:00Z', '2028-02-29T00:00:00'],
    ['0 15,45 22-23 * * *', '2026-11-22T22:15:00Z', '2026-11-22T22:45:00'],
    ['0 0 20/2 * * *', '2026-11-22T20:00:00Z', '2026-11-22T22:00:00'],
    ['*/15 * * * *', '2026-11-22T10:00:00Z', '2026-11-22T10:15:00'],
    ['0 0 0 * * Sunday', '2026-11-22T00:00:00Z', '2026-11-29T00:00:00'],
    ['0 0 0 13 * 5', '2026-11-22T00:00:00Z', '2027-08-13T00:00:00'],
    ['59 59 23 31 12 *', '2026-12-31T23:59:58.999Z', '2026-12-31T23:59:59'],
  ])('%s after %s is due at %s', (expression, after, due) => {
    expect(next(expression, after)).toBe(due);
  });

  it('tells that a date never comes', () => {
    expect(next('0 0 0 31 2 *', '2026-11-22T00:00:00Z')).toBeUndefined();
  });

  it.each([
    ['* * * *', /has 4 fields/],
    ['60 * * * * *', /"60" is no valid second \(0-59\)/],
    ['0 0 0 0 * *', /"0" is no valid day \(1-31\)/],
    ['0 0 0 * * 7', /"7" is no valid day of week/],
    ['0 */0 * * * *', /"\*\/0" is no valid minute/],
    ['0 x * * * *', /"x" is no valid minute/],
  ])('refuses %s', (expression, message) => {
    expect(() => parseNcrontab(expression)).toThrow(message);
  });

  it('is always due after the given time, and at once again a second before', () => {
    const times = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
    const expressions = fc
      .tuple(fc.nat(59), fc.nat(59), fc.nat(23), fc.integer({ min: 1, max: 28 }), fc.integer({ min: 1, max: 12 }))
      .map((fields) => `${fields.join(' ')} *`);
    fc.assert(
      fc.property(expressions, times, (expression, after) => {
        const schedule = parseNcrontab(expression);
        const due = schedule.next(after);
        expect(due?.getTime()).toBeGreaterThan(after.getTime());
        expect(schedule.next(new Date((due?.getTime() ?? 0) - 1))).toEqual(due);
      }),
    );
  });
});
