import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchSize } from '../../shared/dataverse/batch-size.ts';
import { ConcurrencyWindow } from '../../shared/dataverse/concurrency-window.ts';
import { budgetWindowMs } from '../../shared/dataverse/limits.ts';
import { SlidingBudget } from '../../shared/dataverse/sliding-budget.ts';
import { Throttle } from '../../shared/dataverse/throttle.ts';

const createThrottle = (): Throttle => new Throttle({ maxConcurrency: 10, freeBudgetPercent: 0 });

describe('throttle', () => {
  it('I9 admits nothing before the latest Retry-After is over, whatever else happens', () => {
    const event = fc.record({
      after: fc.integer({ min: 0, max: 20_000 }),
      kind: fc.constantFrom('start', 'finish', 'refuse'),
      seconds: fc.integer({ min: 0, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const throttle = createThrottle();
        let now = 0;
        let stoppedUntil = 0;
        for (const { after, kind, seconds } of events) {
          now += after;
          const { admitted } = throttle.admit(now);
          if (now < stoppedUntil) expect(admitted).toBe(false);
          if (kind === 'start' && admitted) throttle.start(now);
          if (kind !== 'start' && throttle.inFlight > 0) {
            const refusedBy = kind === 'refuse' ? ('executionTime' as const) : undefined;
            throttle.finish(now, { durationMs: 1_000, refusedBy });
            if (kind === 'refuse') {
              throttle.stop(now + seconds * 1000);
              stoppedUntil = Math.max(stoppedUntil, now + seconds * 1000);
            }
          }
          expect(throttle.concurrency(now)).toBeGreaterThanOrEqual(1);
          expect(throttle.inFlight).toBeLessThanOrEqual(10);
        }
      }),
    );
  });

  it('begins with as many at once as the service recommends', () => {
    const throttle = createThrottle();
    throttle.start(0);
    throttle.finish(10, { durationMs: 10, hint: 7 });

    expect(throttle.concurrency(10)).toBe(7);
  });

  it('sends fewer at once after a concurrency limit, and waits for no budget', () => {
    const throttle = createThrottle();
    for (let n = 0; n < 4; n++) throttle.start(0);

    throttle.finish(10, { durationMs: 10, refusedBy: 'concurrency' });

    expect(throttle.concurrency(10)).toBe(2);
    expect(throttle.budgetUsed(10)).toBeLessThan(0.01);
  });
});

describe('sliding budget', () => {
  it('never allows more in any window than its capacity and one last expense', () => {
    const expense = fc.record({ after: fc.integer({ min: 0, max: 30_000 }), ms: fc.integer({ min: 1, max: 40_000 }) });
    fc.assert(
      fc.property(fc.array(expense, { maxLength: 300 }), (expenses) => {
        const budget = new SlidingBudget(1_200_000, 1);
        const spent: { at: number; ms: number }[] = [];
        let now = 0;
        for (const { after, ms } of expenses) {
          now += after;
          const wait = budget.waitMs(now);
          now += wait;
          expect(budget.waitMs(now)).toBe(0);
          budget.spend(now, ms);
          spent.push({ at: now, ms });
          const inWindow = spent.filter(({ at }) => at > now - budgetWindowMs).reduce((sum, one) => sum + one.ms, 0);
          expect(inWindow).toBeLessThan(budget.capacity + ms);
        }
      }),
    );
  });

  it('believes a refusal, and tries a little more only after whole windows without one', () => {
    const budget = new SlidingBudget(1_200_000, 1);
    budget.spend(1_000, 900_000);
    budget.refused(2_000);
    const afterRefusal = budget.capacity;
    budget.used(2_000 + budgetWindowMs);

    expect(afterRefusal).toBeCloseTo(882_000);
    expect(budget.capacity).toBeCloseTo(882_000 * 1.02);
  });

  it('learns from what the service says is left that there are several servers', () => {
    const budget = new SlidingBudget(1_200_000, 1);
    for (let n = 1; n <= 300; n++) {
      budget.spend(n * 100, 8_000);
      budget.observeRemaining(n * 100, Math.max(0, 1_200_000 - (n * 8_000) / 4));
    }

    expect(budget.capacity).toBeGreaterThan(3 * 1_200_000);
  });
});

describe('concurrency window', () => {
  const round = (window: ConcurrencyWindow, slowness: number): void => {
    const { limit } = window;
    for (let n = 0; n < limit; n++) window.finished(slowness, limit);
  };

  it('grows by one a round while nothing slows down, up to its ceiling', () => {
    const window = new ConcurrencyWindow(8, 2);
    const limits = Array.from({ length: 10 }, () => {
      round(window, 1);
      return window.limit;
    });

    expect(limits).toEqual([3, 4, 5, 6, 7, 8, 8, 8, 8, 8]);
  });

  it('does not grow while it is not used up', () => {
    const window = new ConcurrencyWindow(8, 4);
    for (let n = 0; n < 40; n++) window.finished(1, 2);

    expect(window.limit).toBe(4);
  });

  it('shrinks by a factor when work takes twice as long, down to one, and grows again afterwards', () => {
    const window = new ConcurrencyWindow(20, 16);
    for (let n = 0; n < 12; n++) round(window, 3);
    const whileSlow = window.limit;
    for (let n = 0; n < 12; n++) round(window, 1);

    expect(whileSlow).toBeLessThanOrEqual(2);
    expect(window.limit).toBeGreaterThan(8);
  });
});

describe('batch size', () => {
  const bounds = { first: 200, smallest: 50, largest: 1_000 };
  const write = (size: BatchSize, requests: number, costMs: (rows: number) => number): void => {
    for (let n = 0; n < requests; n++) size.succeeded(size.rows, costMs(size.rows));
  };

  it('grows to a thousand rows where requests have a fixed part', () => {
    const size = new BatchSize(bounds);
    write(size, 20, (rows) => 500 + 20 * rows);

    expect(size.rows).toBe(1_000);
  });

  it('keeps requests with costly plug-ins short', () => {
    const size = new BatchSize(bounds);
    write(size, 40, (rows) => 200 + 120 * rows);

    expect(size.rows).toBeGreaterThanOrEqual(200);
    expect(size.rows * 120).toBeLessThanOrEqual(31_000);
  });

  it('goes back where a row costs more in larger requests', () => {
    const size = new BatchSize(bounds);
    write(size, 30, (rows) => 5 * rows + rows ** 2 / 20);

    expect(size.rows).toBe(200);
  });

  it('halves after a time-out, not below the smallest, and forgives in time', () => {
    const size = new BatchSize(bounds);
    size.failed(200);
    const afterOne = size.rows;
    for (let n = 0; n < 5; n++) size.failed(size.rows);
    const afterMany = size.rows;
    write(size, 300, (rows) => 500 + 20 * rows);

    expect([afterOne, afterMany]).toEqual([100, 50]);
    expect(size.rows).toBeGreaterThan(200);
  });
});
