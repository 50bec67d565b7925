import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chartPoints, chartShape } from '../../page/chart.ts';
import { durationText, rowsPerSecond, runRowsPerSecond } from '../../page/format.ts';
import { mergeRuns, statusChanges } from '../../page/news.ts';
import { hashOf, selectionOf } from '../../page/selection.ts';
import type { RunWithTasks } from '../../shared/contracts/run.ts';
import { runIdFor, sampleRun, sampleTask } from '../api/records.ts';

const withTasks = (number: number, more: Parameters<typeof sampleRun>[1] = {}): RunWithTasks => {
  const run = sampleRun(number, more);
  return { ...run, tasks: ['contact', 'lead'].map((table) => sampleTask(run, table)) };
};

describe('the chart', () => {
  it('shows finished runs, oldest first, and no rehearsal', () => {
    const going = withTasks(5);
    const runs = [{ ...going, endedAt: undefined }, withTasks(4), withTasks(3, { mode: 'rehearsal' }), withTasks(2)];
    expect(chartPoints(runs as RunWithTasks[]).map(({ runId }) => runId)).toEqual([runIdFor(2), runIdFor(4)]);
    expect(chartPoints([withTasks(1)])[0]).toMatchObject({ changed: 80, perSecond: 2000 / 90 });
  });

  it('stays in its box, whatever the numbers', () => {
    const point = fc.record({ changed: fc.nat(1e9), perSecond: fc.double({ min: 0, max: 1e6, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 40 }), (points) => {
        const shape = chartShape(
          points.map((one, index) => ({ ...one, runId: String(index), receivedAt: '' })),
          640,
          120,
        );
        for (const { x, y, width, height } of shape.bars) {
          expect(x).toBeGreaterThanOrEqual(0);
          expect(x + width).toBeLessThanOrEqual(640.1);
          expect(y).toBeGreaterThanOrEqual(0);
          expect(y + height).toBeLessThanOrEqual(120.1);
        }
        expect(shape.line).not.toContain('NaN');
      }),
    );
  });
});

describe('news', () => {
  it('puts new runs before those loaded earlier, and keeps the place where the list goes on', () => {
    const loaded = [withTasks(3), withTasks(2), withTasks(1)];
    const merged = mergeRuns(
      { runs: loaded, olderRuns: 'far' },
      { runs: [withTasks(4), withTasks(3)], continuation: 'near' },
    );
    expect(merged.runs.map(({ runId }) => runId)).toEqual([4, 3, 2, 1].map(runIdFor));
    expect(merged.olderRuns).toBe('far');
    expect(mergeRuns({ runs: [], olderRuns: undefined }, { runs: loaded, continuation: 'near' }).olderRuns).toBe(
      'near',
    );
  });

  it('says which tables changed their status, and nothing at first sight', () => {
    const status = (word: 'Refreshing' | 'Successful') => {
      const run = withTasks(1, { status: word });
      const tasks = run.tasks.map((task) => ({ name: '', ...task }));
      return { lastUpdated: null, groups: [{ name: '', count: 2, tasks }] };
    };
    expect(statusChanges(undefined, status('Refreshing'))).toBe('');
    expect(statusChanges(status('Refreshing'), status('Refreshing'))).toBe('');
    expect(statusChanges(status('Refreshing'), status('Successful'))).toBe('contact: Successful, lead: Successful');
  });
});

describe('what is selected', () => {
  it('stands in the address and comes back from it', () => {
    for (const selection of [
      undefined,
      { runId: runIdFor(1), table: undefined },
      { runId: runIdFor(1), table: 'new_x' },
    ])
      expect(selectionOf(hashOf(selection))).toEqual(selection);
  });

  it('is nothing where the address is odd', () => {
    fc.assert(fc.property(fc.string(), (text) => selectionOf(`#run=${text}!`) === undefined));
  });
});

describe('numbers for people', () => {
  it.each([
    [0, '0.0 s'],
    [9_940, '9.9 s'],
    [59_400, '59 s'],
    [61_000, '1 min 1 s'],
    [3_600_000 * 2 + 60_000 * 5, '2 h 5 min'],
  ])('%i ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it('is the speed of the work, whatever the waits between its passes', () => {
    const run = sampleRun(1);
    const tasks = [sampleTask(run, 'contact', { workedMs: 10_000 }), sampleTask(run, 'lead', { workedMs: 4_000 })];
    expect(runRowsPerSecond(tasks, 0)).toBe(200);
    expect(runRowsPerSecond([sampleTask(run, 'contact')], 0)).toBe(1000 / 90);
    expect(runRowsPerSecond([], 0)).toBe(0);
  });

  it('is no speed where no time has passed', () => {
    expect(rowsPerSecond(10, 0)).toBe(0);
    expect(rowsPerSecond(10, undefined)).toBe(0);
  });
});
