import { describe, expect, it } from 'vitest';
import { recordOutcomesSchema } from '../../shared/api/schemas.ts';
import { showRecordOutcomes } from '../../shared/api/show-record-outcomes.ts';
import { noRows } from '../../shared/contracts/counters.ts';
import { memoryParts } from './memory-parts.ts';
import { failedRow, rowId, sampleRun, sampleTask } from './records.ts';
import { bodyOf, request } from './requests.ts';

describe('what runs did to one row', () => {
  const { parts, table } = memoryParts();
  const id = rowId(7);
  const show = async (query = '', params = { table: 'contact', id }) =>
    recordOutcomesSchema.parse(
      bodyOf(await showRecordOutcomes(parts, request('GET', `/outcomes${query}`, { params }))),
    );

  it('is told run by run, the newest first, and goes on to older ones', async () => {
    for (let number = 1; number <= 30; number++) {
      const run = sampleRun(number);
      await parts.runs.record(run);
      const counters = { ...noRows, read: 10, ...(number % 10 === 0 ? { failed: 2, relinked: 1 } : {}) };
      for (const name of ['contact', 'lead']) await parts.runs.recordTask(sampleTask(run, name, { counters }));
      if (number % 10 !== 0) continue;
      const other = { ...failedRow(8), outcome: 'relinked' as const };
      await parts.rowOutcomes.record(run.runId, 'contact', [failedRow(7), failedRow(8), other]);
      await parts.rowOutcomes.record(run.runId, 'lead', [failedRow(7, 'of another table')]);
    }

    const newest = await show();
    const older = await show(`?continuation=${encodeURIComponent(newest.continuation ?? '')}`);

    const told = (number: number) => ({ ...failedRow(7), runId: sampleRun(number).runId, mode: 'incremental' });
    expect(newest).toMatchObject({ outcomes: [told(30), told(20), told(10)], examined: 25 });
    expect(older).toEqual({ outcomes: [], examined: 5 });
  });

  it('is looked for only where a task lists rows of the kind', async () => {
    table.calls = 0;
    await show();
    // The list, and each of its 25 runs; outcomes have a table of their own.
    expect(table.calls).toBe(26);
  });

  it('finds the row whatever its id is written like, and refuses what is none', async () => {
    expect((await show('', { table: 'contact', id: id.toUpperCase() })).outcomes).toHaveLength(3);
    await expect(show('', { table: 'contact', id: 'x' })).rejects.toMatchObject({ name: 'RefusedRequest' });
    await expect(show('', { table: 'No such', id })).rejects.toMatchObject({ name: 'RefusedRequest' });
    await expect(show('?continuation=x')).rejects.toMatchObject({ name: 'RefusedRequest' });
  });
});
