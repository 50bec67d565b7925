import { describe, expect, it } from 'vitest';
import { showStatus } from '../../shared/api/show-status.ts';
import { statusAnswerSchema } from '../../shared/contracts/run.ts';
import { memoryParts } from './memory-parts.ts';
import { sampleRun, sampleTask } from './records.ts';
import { bodyOf, request } from './requests.ts';

describe('the status', () => {
  const { parts, table } = memoryParts();
  const status = async () =>
    statusAnswerSchema.parse(bodyOf(await showStatus(parts, request('GET', '/api/status')))).groups[0];

  it('is empty before the first run', async () => {
    expect(await status()).toEqual({ name: 'Dataverse Hydration', count: 0, tasks: [] });
  });

  it('shows the newest task of each table, however long ago, and no rehearsal', async () => {
    for (let number = 1; number <= 60; number++) {
      const run = sampleRun(number, { mode: number > 55 ? 'rehearsal' : 'incremental' });
      await parts.runs.record(run);
      await parts.runs.recordTask(sampleTask(run, 'contact'));
      if (number === 3) await parts.runs.recordTask(sampleTask(run, 'lead'));
    }

    const group = await status();

    expect(group?.tasks.map(({ name, table, runId }) => ({ name, table, runId }))).toEqual([
      { name: 'CustomerId Backstamping Hydration', table: 'contact', runId: sampleRun(55).runId },
      { name: 'CustomerId Backstamping Hydration', table: 'lead', runId: sampleRun(3).runId },
    ]);
  });

  it('reads no more runs than it needs', async () => {
    const run = sampleRun(100);
    await parts.runs.record(run);
    for (const name of ['contact', 'lead']) await parts.runs.recordTask(sampleTask(run, name));

    table.calls = 0;
    await status();

    expect(table.calls).toBeLessThanOrEqual(3);
  });
});
