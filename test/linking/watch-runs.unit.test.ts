import { describe, expect, it } from 'vitest';
import { updateTask } from '../../shared/runs/update-task.ts';
import { watchRuns } from '../../shared/runs/watch-runs.ts';
import { addProfile, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { linkStateOf, recordsOf, taskOf } from '../support/state-of.ts';
import { contacts, loseTasks } from './watched-runs.ts';

const minute = 60_000;

describe('the watch over runs', () => {
  it('I5 sends a task on its way again whose message was lost', async () => {
    const { simulation, runId } = contacts(4);
    const lost = loseTasks(simulation);
    await simulation.run(simulation.clock.now() + minute);
    lost.stop();
    await simulation.run();
    expect(simulation.watches).toBeGreaterThan(0);
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
    expect(taskOf(simulation, runId, 'contact').details.join()).toContain('No sign of life since');
  });

  it('I5 ends a task as Failed that never shows a sign of life', async () => {
    const { simulation, runId } = contacts(4);
    loseTasks(simulation);
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Failed' });
    expect(recordsOf(simulation).runs[0]?.status).toBe('Failed');
  });

  it('I5 finishes what an orchestrator left half recorded', async () => {
    const simulation = smallOrganisation({ contacts: 1, leads: 1 });
    addProfile(simulation, 1);
    for (const kind of ['c', 'l'] as const) mapTo(simulation, { kind, source: 1, profile: 1 });
    const runId = simulation.post({ eventId: 'event' });
    // It dies after the first task's record, and its message is gone for good.
    let writes = 0;
    simulation.world.faultAt = (_step, what) => {
      if (what !== 'table write' || ++writes !== 3) return undefined;
      simulation.broker.messages.length = 0;
      return { kind: 'die after' };
    };
    await simulation.run();
    expect(recordsOf(simulation).tasks.map(({ table, status }) => `${table}: ${status}`)).toEqual([
      'contact: Successful',
      'lead: Successful',
    ]);
    expect(recordsOf(simulation).runs).toMatchObject([{ runId, status: 'Successful' }]);
  });

  it('I5 leaves a task alone that only waits for its turn', async () => {
    const { simulation, runId } = contacts(600);
    simulation.world.stepMs = 2_000;
    Object.assign(simulation.options, { sliceMs: 240_000 });
    // Not answered by the first one's pass.
    const second = simulation.post({ eventId: 'second', mode: 'full', tables: ['contact'] });
    let isTold = false;
    simulation.tables.runs.onWrite = (_partition, _row, document) => {
      if ((document as { details?: string[] }).details?.some((line) => line.startsWith('Waits for its turn')))
        isTold = true;
    };
    const watching = simulation.clock.repeat(5 * minute, () => void simulation.watch());
    await simulation.run();
    watching();
    expect(isTold).toBe(true);
    // Longer than the watch has patience with a task that shows no sign of life.
    const [, other] = recordsOf(simulation).tasks;
    expect(Date.parse(other?.startedAt ?? '') - Date.parse(other?.queuedAt ?? '')).toBeGreaterThan(30 * minute);
    for (const id of [runId, second]) {
      expect(taskOf(simulation, id, 'contact').status).toBe('Successful');
      expect(taskOf(simulation, id, 'contact').details.join()).not.toContain('No sign of life');
    }
  });

  it('I8 removes runs, their tasks and their rows when they are older than the retention period', async () => {
    const { simulation, runId } = contacts(2);
    mapTo(simulation, { kind: 'c', source: 2, profile: 9 });
    await simulation.run();
    expect(simulation.tables.rowOutcomes.documents(`${runId}|contact`).length).toBe(1);
    simulation.clock.advance(simulation.options.retentionMs);
    const next = simulation.post({ eventId: 'next', tables: ['contact'] });
    await simulation.run();
    await simulation.watch();
    expect(recordsOf(simulation).runs.map((run) => run.runId)).toEqual([next]);
    expect(simulation.tables.runs.partitions.sort()).toEqual([next, 'open', 'recent'].sort());
    expect(simulation.tables.rowOutcomes.documents(`${runId}|contact`)).toEqual([]);
    expect(linkStateOf(simulation, 'contact').watermark).toBeDefined();
  });

  it('I4 finishes a removal that broke off, wherever it did', async () => {
    for (let at = 1; at < 12; at++) {
      const { simulation } = contacts(2);
      await simulation.run();
      simulation.clock.advance(simulation.options.retentionMs + minute);
      const begun = simulation.world.steps;
      simulation.world.faultAt = (step) => (step === begun + at ? { kind: 'die after' } : undefined);
      await simulation.watch();
      await simulation.watch();
      expect(simulation.tables.runs.partitions).toEqual(['open']);
      expect(simulation.tables.runs.documents('open').map(({ rowKey }) => rowKey)).toEqual(['names-all']);
      expect(simulation.tables.rowOutcomes.partitions).toEqual([]);
    }
  });
});

describe('what the watch leaves alone, and what it does not', () => {
  it('looks at every run that is open, however many came after it', async () => {
    const { simulation, runId } = contacts(2);
    const lost = loseTasks(simulation);
    await simulation.run(simulation.clock.now() + minute);
    lost.stop();
    for (let number = 0; number < 130; number++) {
      simulation.post({ eventId: `later ${number}`, tables: ['lead'] });
      await simulation.run(simulation.clock.now());
      simulation.clock.advance(1_000);
    }
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
  });

  it('names the open runs of versions that named none', async () => {
    const { simulation, runId } = contacts(2);
    loseTasks(simulation);
    await simulation.run(simulation.clock.now() + minute);
    for (const { rowKey } of simulation.tables.runs.documents('open')) simulation.tables.runs.remove('open', rowKey);
    await simulation.watch();
    expect(simulation.tables.runs.documents('open').map(({ rowKey }) => rowKey)).toContain(runId);
  });

  it('counts a stall once though two watch at once', async () => {
    const { simulation, runId } = contacts(2);
    loseTasks(simulation);
    await simulation.run(simulation.clock.now() + minute);
    simulation.clock.advance(30 * minute);
    await Promise.all([simulation.watch(), simulation.watch()]);
    const stalls = taskOf(simulation, runId, 'contact').details.filter((line) => line.startsWith('No sign of life'));
    expect(stalls).toHaveLength(1);
  });

  it('fails no task that waits while others get on, and takes its message for lost in the end', async () => {
    const { simulation, runId } = contacts(2);
    const lost = loseTasks(simulation);
    await simulation.run(simulation.clock.now() + minute);
    const busy = simulation.post({ eventId: 'busy', tables: ['lead'] });
    await simulation.run(simulation.clock.now());
    for (let beat = 0; beat < 7 * 12; beat++) {
      simulation.clock.advance(5 * minute);
      await updateTask(simulation.connect(), { runId: busy, table: 'lead' }, 'note');
      await simulation.watch();
      if (beat === 60) expect(taskOf(simulation, runId, 'contact').details).toEqual([]);
    }
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Queued' });
    expect(taskOf(simulation, runId, 'contact').details.join()).toContain('while other tasks got on');
    lost.stop();
  });

  it('never removes a run that has not ended', async () => {
    const { simulation, runId } = contacts(2);
    const lost = loseTasks(simulation);
    await simulation.run(simulation.clock.now() + minute);
    simulation.clock.advance(simulation.options.retentionMs + minute);
    lost.stop();
    await simulation.watch();
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
  });

  it('goes on though one run cannot be looked at', async () => {
    const { simulation, runId } = contacts(2);
    const lost = loseTasks(simulation);
    const other = simulation.post({ eventId: 'other', tables: ['contact'] });
    await simulation.run(simulation.clock.now() + minute);
    lost.stop();
    simulation.clock.advance(30 * minute);
    const parts = simulation.connect();
    const { runs } = parts;
    const spoilt = new Proxy(runs, {
      get: (target, name) =>
        name === 'findTask'
          ? (id: string, table: string) =>
              id === runId ? Promise.reject(new TypeError('spoilt')) : target.findTask(id, table)
          : (Reflect.get(target, name) as () => unknown).bind(target),
    });
    await watchRuns({ ...parts, runs: spoilt });
    expect(taskOf(simulation, other, 'contact').details.join()).toContain('No sign of life');
  });
});
