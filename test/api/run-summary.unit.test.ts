import { describe, expect, it } from 'vitest';
import { runListSchema, runSummaryListSchema } from '../../shared/api/schemas.ts';
import { listRuns } from '../../shared/api/show-runs.ts';
import { noRows } from '../../shared/contracts/counters.ts';
import { memoryParts } from './memory-parts.ts';
import { sampleRun, sampleTask } from './records.ts';
import { bodyOf, request } from './requests.ts';

describe('a list of runs', () => {
  const { parts } = memoryParts();
  const list = async (query: string) => bodyOf(await listRuns(parts, request('GET', `/api/runs${query}`)));
  const tables = Array.from({ length: 30 }, (_, index) => `new_table${index}`);

  it('sums the tasks up where none are asked for', async () => {
    const run = sampleRun(1, { tables });
    await parts.runs.record(run);
    for (const [index, table] of tables.entries()) {
      const status = index < 3 ? 'Failed' : 'Successful';
      const counters = { ...noRows, read: 100, linked: index };
      await parts.runs.recordTask(sampleTask(run, table, { status, counters, workedMs: 1_000 * index }));
    }

    const answer = runSummaryListSchema.parse(await list('?tasks=none'));

    expect(answer.runs).toEqual([
      {
        ...run,
        summary: {
          statuses: { Failed: 3, Successful: 27 },
          counters: { ...noRows, read: 3_000, linked: (30 * 29) / 2 },
          startedAt: run.receivedAt,
          workedMs: 29_000,
        },
      },
    ]);
  });

  it('gives a run that has not begun a summary of nothing', async () => {
    const run = sampleRun(2, { status: 'Queued', endedAt: undefined });
    await parts.runs.record(run);
    const answer = runSummaryListSchema.parse(await list('?tasks=none&pageSize=1'));
    expect(answer.runs[0]?.summary).toEqual({ statuses: {}, counters: noRows });
  });

  it('is a small part of the size that it has with tasks', async () => {
    const withTasks = runListSchema.parse(await list(''));
    expect(withTasks.runs.at(-1)?.tasks).toHaveLength(30);
    const [all, none] = [JSON.stringify(withTasks).length, JSON.stringify(await list('?tasks=none')).length];
    expect(none).toBeLessThan(all / 5);
  });

  it('refuses another word', async () => {
    await expect(list('?tasks=some')).rejects.toMatchObject({ name: 'RefusedRequest' });
  });
});
