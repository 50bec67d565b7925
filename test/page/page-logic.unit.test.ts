import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chartPoints, evenScale, spreadScale } from '../../page/chart.ts';
import { distanceText, durationText } from '../../page/format.ts';
import { mergeRuns, statusChanges } from '../../page/news.ts';
import { runProgress, taskProgress } from '../../page/progress.ts';
import { startRequest } from '../../page/start-request.ts';
import type { RunWithTasks, Task } from '../../shared/contracts/run.ts';
import { runSummaryOf } from '../../shared/contracts/run-summary.ts';
import { runIdFor, sampleRun, sampleTask } from '../api/records.ts';

const withTasks = (number: number, more: Parameters<typeof sampleRun>[1] = {}): RunWithTasks => {
  const run = sampleRun(number, more);
  return { ...run, tasks: ['contact', 'lead'].map((table) => sampleTask(run, table)) };
};
const summary = (number: number, more: Parameters<typeof sampleRun>[1] = {}) => runSummaryOf(withTasks(number, more));

describe('the chart', () => {
  it('shows finished runs, oldest first, and no rehearsal', () => {
    const runs = [summary(5, { endedAt: undefined }), summary(4), summary(3, { mode: 'rehearsal' }), summary(2)];
    expect(chartPoints(runs).map(({ runId }) => runId)).toEqual([runIdFor(2), runIdFor(4)]);
    expect(chartPoints([summary(1)])[0]).toMatchObject({ changed: 80, perSecond: 2000 / 90 });
  });

  it.each([
    ['spread', spreadScale],
    ['even', evenScale],
  ])('stays in its box on the %s scale, whatever the numbers, and what is more is higher', (_, scaleOf) => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (most, shares) => {
          const { at, ticks } = scaleOf(most);
          const heights = shares.sort((a, b) => a - b).map((share) => at(share * most));
          for (const height of heights) {
            expect(height).toBeGreaterThanOrEqual(0);
            expect(height).toBeLessThanOrEqual(1);
          }
          expect(heights).toEqual([...heights].sort((a, b) => a - b));
          expect(ticks[0]).toEqual({ value: 0, at: 0 });
          expect(ticks.at(-1)?.at).toBe(1);
          expect(ticks.at(-1)?.value).toBeGreaterThanOrEqual(most);
          for (const { value, at: place } of ticks) expect(at(value)).toBeCloseTo(place);
        },
      ),
    );
  });
});

describe('news', () => {
  it('puts new runs before those loaded earlier, and keeps the place where the list goes on', () => {
    const loaded = [summary(3), summary(2), summary(1)];
    const merged = mergeRuns(
      { runs: loaded, olderRuns: 'far' },
      { runs: [summary(4), summary(3)], continuation: 'near' },
    );
    expect(merged.runs?.map(({ runId }) => runId)).toEqual([4, 3, 2, 1].map(runIdFor));
    expect(merged.olderRuns).toBe('far');
    const first = mergeRuns({ runs: undefined, olderRuns: undefined }, { runs: loaded, continuation: 'near' });
    expect(first.olderRuns).toBe('near');
  });

  it('says which tables changed their status, and nothing at first sight', () => {
    const status = (word: 'Refreshing' | 'Successful') => {
      const run = withTasks(1, { status: word });
      const tasks = run.tasks.map((task) => ({ name: '', ...task }));
      return { lastUpdated: null, tables: [], groups: [{ name: '', count: 2, tasks }] };
    };
    expect(statusChanges(undefined, status('Refreshing'))).toBe('');
    expect(statusChanges(status('Refreshing'), status('Refreshing'))).toBe('');
    expect(statusChanges(status('Refreshing'), status('Successful'))).toBe('contact: Successful, lead: Successful');
  });
});

describe('times for people', () => {
  it.each([
    [0, '0.0 s'],
    [9_940, '9.9 s'],
    [9_960, '10 s'],
    [59_400, '59 s'],
    [59_900, '1 min 0 s'],
    [61_000, '1 min 1 s'],
    [119_900, '2 min 0 s'],
    [3_599_900, '1 h 0 min'],
    [3_600_000 * 2 + 60_000 * 5, '2 h 5 min'],
  ])('%i ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it.each([
    ['2026-03-01T08:00:00.000Z', 'just now'],
    ['2026-03-01T07:57:00.000Z', '3 minutes ago'],
    ['2026-03-01T06:00:01.000Z', '1 hour ago'],
    ['2026-02-26T08:00:00.000Z', '3 days ago'],
    ['2026-03-01T08:00:45.000Z', 'in less than a minute'],
    ['2026-03-01T13:00:00.000Z', 'in 5 hours'],
  ])('%s is %s', (time, text) => {
    expect(distanceText(time, Date.parse('2026-03-01T08:00:00.000Z'))).toBe(text);
  });
});

describe('progress', () => {
  const run = sampleRun(1);
  const started = Date.parse(run.receivedAt);
  const going = { ...sampleRun(1, { status: 'Refreshing' }), endedAt: undefined };
  const goingTask = (more: Partial<Task>): Task => ({
    ...sampleTask(going, 'contact', { passes: 0, ...more }),
    endedAt: undefined,
  });

  it('is on one basis: speed times time are the rows, whatever waits there were', () => {
    fc.assert(
      fc.property(fc.nat(1e7), fc.option(fc.nat(1e7), { nil: undefined }), (read, workedMs) => {
        const task = sampleTask(run, 'contact', { workedMs });
        const {
          rows,
          workedMs: time,
          perSecond,
        } = taskProgress({ ...task, counters: { ...task.counters, read } }, started) ?? expect.fail('has begun');
        expect(rows).toBe(read);
        if (time > 0) expect((perSecond * time) / 1000).toBeCloseTo(rows, 3);
      }),
    );
  });

  it('says what is left where the whole is known, at the speed so far', () => {
    const task = goingTask({ expected: 4_000 });
    expect(taskProgress(task, started + 10_000)).toEqual({
      rows: 1000,
      workedMs: 10_000,
      perSecond: 100,
      total: 4_000,
      leftMs: 30_000,
    });
    expect(taskProgress(goingTask({}), started + 10_000)).toMatchObject({ total: undefined, leftMs: undefined });
    // Another pass than the first reads only what changed.
    expect(taskProgress(goingTask({ expected: 4_000, passes: 1, workedMs: 9_000 }), started)?.total).toBeUndefined();
  });

  it('is never less than nothing left, nor anything before work begins', () => {
    expect(taskProgress(goingTask({ expected: 10 }), started + 10_000)?.leftMs).toBe(0);
    expect(taskProgress({ ...goingTask({ status: 'Queued' }), startedAt: undefined }, started)).toBeUndefined();
  });

  it('of a run is that of its tables, over the time of the slowest', () => {
    const tasks = [
      goingTask({ expected: 3_000 }),
      { ...goingTask({ expected: 1_000 }), table: 'lead' },
      {
        ...sampleTask(run, 'account', { status: 'Skipped' }),
        startedAt: undefined,
        counters: sampleTask(run, 'x').counters,
      },
    ];
    const skipped = { ...tasks[2], counters: { ...tasks[2]?.counters, read: 0 } } as Task;
    const all = runSummaryOf({ ...going, tasks: [tasks[0] as Task, tasks[1] as Task, skipped] });
    expect(runProgress(all, started + 10_000)).toMatchObject({
      rows: 2_000,
      perSecond: 200,
      total: 4_000,
      leftMs: 10_000,
    });
    const worked = [sampleTask(run, 'contact', { workedMs: 10_000 }), sampleTask(run, 'lead', { workedMs: 4_000 })];
    expect(runProgress(runSummaryOf({ ...run, tasks: worked }), started)?.perSecond).toBe(200);
  });
});

describe('what is started', () => {
  const chosen = (entries: readonly (readonly [string, string])[]) => {
    const data = new FormData();
    for (const [name, value] of entries) data.append(name, value);
    return data;
  };

  it('is nothing where no table is chosen', () => {
    expect(startRequest('full', ['contact', 'lead'], chosen([['beyondLimits', 'on']]))).toBeUndefined();
  });

  it('is what was chosen, and everything by naming nothing', () => {
    expect(startRequest('full', ['contact', 'lead'], chosen([['table', 'lead']]))).toEqual({
      mode: 'full',
      tables: ['lead'],
    });
    const all = chosen([
      ['table', 'contact'],
      ['table', 'lead'],
      ['beyondLimits', 'on'],
    ]);
    expect(startRequest('full', ['contact', 'lead'], all)).toEqual({ mode: 'full', beyondLimits: true });
    // One table alone is no choice.
    expect(startRequest('rehearsal', ['contact'], chosen([]))).toEqual({ mode: 'rehearsal' });
  });
});
