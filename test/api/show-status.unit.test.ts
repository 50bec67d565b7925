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

  it('tells of every table that a run may be about, before there was one', async () => {
    const { tables } = statusAnswerSchema.parse(bodyOf(await showStatus(parts, request('GET', '/api/status'))));
    expect(tables).toEqual(['contact', 'lead'].map((name) => ({ table: name, kind: 'linking' })));
  });

  it('tells of tables that the map named and the set-up still lacks', async () => {
    const unlisted = async () =>
      statusAnswerSchema.parse(bodyOf(await showStatus(parts, request('GET', '/api/status')))).unlisted;
    expect(await unlisted()).toBeUndefined();
    const named = ['account', 'lead'].map((name) => ({ table: name, dataSource: 'Dynamics', entity: name }));
    await parts.unlistedTables.write({ lookedAt: '2026-11-22T00:00:00.000Z', tables: named });
    expect(await unlisted()).toEqual([named[0]]);
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

  it.each(['Queued', 'Canceled'] as const)('prefers what is at work over what is %s later', async (later) => {
    const { parts } = memoryParts();
    const ended = sampleRun(1);
    const going = sampleRun(2, { status: 'Refreshing', endedAt: undefined });
    for (const run of [ended, going]) await parts.runs.record(run);
    await parts.runs.recordTask(sampleTask(ended, 'lead'));
    for (const name of ['contact', 'lead']) await parts.runs.recordTask(sampleTask(going, name));
    for (let number = 3; number <= 12; number++) {
      const run = sampleRun(number, { status: later });
      await parts.runs.record(run);
      await parts.runs.recordTask(sampleTask(run, 'contact', { status: later }));
    }

    const answer = statusAnswerSchema.parse(bodyOf(await showStatus(parts, request('GET', '/api/status'))));

    expect(answer.groups[0]?.tasks.map(({ table, runId }) => ({ table, runId }))).toEqual([
      { table: 'contact', runId: going.runId },
      { table: 'lead', runId: going.runId },
    ]);
  });

  it('shows what is queued or canceled where nothing is at work, and looks no further than the task that ended before', async () => {
    const { parts, table } = memoryParts();
    for (let number = 1; number <= 40; number++) {
      const status = number > 38 ? 'Canceled' : 'Successful';
      const run = sampleRun(number, { status });
      await parts.runs.record(run);
      for (const name of ['contact', 'lead']) await parts.runs.recordTask(sampleTask(run, name));
    }

    table.calls = 0;
    const answer = statusAnswerSchema.parse(bodyOf(await showStatus(parts, request('GET', '/api/status'))));

    expect(answer.groups[0]?.tasks.map(({ status }) => status)).toEqual(['Canceled', 'Canceled']);
    expect(table.calls).toBeLessThanOrEqual(8);
  });
});
