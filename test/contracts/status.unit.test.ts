import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addCounters, type Counters, noRows } from '../../shared/contracts/counters.ts';
import { isFinal, type Status, statusSchema, worstOf } from '../../shared/contracts/status.ts';
import { taskEvents, taskTransitions } from '../../shared/runs/task-transitions.ts';

const anyStatus = fc.constantFrom(...statusSchema.options);
const finalStatus = fc.constantFrom(...statusSchema.options.filter(isFinal));

describe("a run's status", () => {
  it.each<[readonly Status[], Status]>([
    [[], 'Skipped'],
    [['Skipped', 'Skipped'], 'Skipped'],
    [['Skipped', 'Successful'], 'Successful'],
    [['Successful', 'Completed with warnings'], 'Completed with warnings'],
    [['Completed with warnings', 'Canceled'], 'Canceled'],
    [['Failed', 'Canceled', 'Successful'], 'Failed'],
  ])('of tasks that ended as %j is %s', (statuses, worst) => {
    expect(worstOf(statuses)).toBe(worst);
  });

  it('is one of the statuses of its tasks, whatever their order', () => {
    fc.assert(
      fc.property(fc.array(finalStatus, { minLength: 1 }), (statuses) => {
        expect(statuses).toContain(worstOf(statuses));
        expect(worstOf(statuses.toReversed())).toBe(worstOf(statuses));
      }),
    );
  });
});

describe("a task's status", () => {
  it('I5 never leaves an end, and every end can be reached from where it is not one', () => {
    fc.assert(
      fc.property(anyStatus, fc.constantFrom(...taskEvents), (status, event) => {
        const next = taskTransitions[status][event];
        if (isFinal(status)) expect(next).toBe(status);
        else if (event === 'note' || event === 'work begins') expect(isFinal(next)).toBe(false);
        else expect(isFinal(next)).toBe(true);
      }),
    );
    for (const status of ['Queued', 'Refreshing'] as const) {
      const ends = new Set(Object.values(taskTransitions[status]).filter(isFinal));
      expect([...ends].sort()).toEqual(statusSchema.options.filter(isFinal).sort());
    }
  });
});

describe('counters', () => {
  const counters = fc.record(
    Object.fromEntries(Object.keys(noRows).map((name) => [name, fc.nat()])) as Record<
      keyof Counters,
      fc.Arbitrary<number>
    >,
  );

  it('add up, in any order, and nothing added changes nothing', () => {
    fc.assert(
      fc.property(counters, counters, (a, b) => {
        expect(addCounters(a, b)).toEqual(addCounters(b, a));
        expect(addCounters(a, noRows)).toEqual(a);
        for (const name of Object.keys(noRows) as (keyof Counters)[])
          expect(addCounters(a, b)[name]).toBe(a[name] + b[name]);
      }),
    );
  });
});
