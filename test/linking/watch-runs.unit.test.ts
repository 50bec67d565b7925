import { describe, expect, it } from 'vitest';
import { firstLinkTask, linkTaskMessageId } from '../../shared/contracts/link-task.ts';
import { recordDeadEvent, recordDeadTask } from '../../shared/runs/record-dead-letter.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { linkStateOf, recordsOf, taskOf } from '../support/state-of.ts';

const minute = 60_000;
const tooOften = { reason: 'MaxDeliveryCountExceeded', description: 'Delivered ten times.' };

function contacts(count: number): { simulation: Simulation; runId: string } {
  const simulation = smallOrganisation({ contacts: count, leads: 0 });
  for (let number = 1; number <= count; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  return { simulation, runId: simulation.post({ eventId: 'event', tables: ['contact'] }) };
}

/** Loses every message that is sent to a queue, from now on, as if the process had died before it sent them. */
function loseTasks(simulation: Simulation): { stop(): void } {
  const { broker } = simulation;
  const send = broker.send.bind(broker);
  broker.send = (queue, ...more) => {
    if (queue !== 'link-tasks') send(queue, ...more);
  };
  return {
    stop: () => {
      broker.send = send;
    },
  };
}

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
    const second = simulation.post({ eventId: 'second', tables: ['contact'] });
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
    expect(simulation.tables.runs.partitions.sort()).toEqual([next, 'recent'].sort());
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
      expect(simulation.tables.runs.partitions).toEqual([]);
      expect(simulation.tables.rowOutcomes.partitions).toEqual([]);
    }
  });
});

describe('a dead letter', () => {
  it('I5 of a task ends it as Failed, with the reason', async () => {
    const { simulation, runId } = contacts(2);
    loseTasks(simulation);
    await simulation.run(simulation.clock.now() + minute);
    await recordDeadTask(simulation.connect(), firstLinkTask(runId, 'contact'), tooOften);
    const task = taskOf(simulation, runId, 'contact');
    expect(task.status).toBe('Failed');
    expect(task.details[0]).toContain('link-tasks');
    expect(task.details[0]).toContain('MaxDeliveryCountExceeded: Delivered ten times.');
    expect(recordsOf(simulation).runs[0]?.status).toBe('Failed');
  });

  it('I4 I5 whose workers died while it moved the pass on is no failure: the work goes on', async () => {
    const { simulation, runId } = contacts(120);
    Object.assign(simulation.options, { sliceMs: 3_600_000 });
    // Each delivery links a page and dies.
    let pages = 0;
    simulation.world.faultAt = (_step, what) => {
      if (what !== 'dataverse write' || ++pages % 3 !== 0 || pages > 36) return undefined;
      return { kind: 'die before' };
    };
    await simulation.run();
    expect(pages).toBeGreaterThan(36);
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
    expect(simulation.organisation.links('contact').size).toBe(120);
  });

  it('I5 whose workers died at the same step again and again ends the task as Failed', async () => {
    const { simulation, runId } = contacts(8);
    Object.assign(simulation.options, { sliceMs: 3_600_000 });
    let pages = 0;
    simulation.world.faultAt = (_step, what) =>
      what === 'dataverse write' && ++pages > 2 ? { kind: 'die before' } : undefined;
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Failed');
    expect(linkStateOf(simulation, 'contact').pass).toBeUndefined();
  });

  it('I5 of an event leaves a run that ended as Failed, whether or not it was recorded', async () => {
    const { simulation } = contacts(2);
    simulation.broker.messages.length = 0;
    const body = { eventId: 'dead', completedAt: '2026-03-02T06:00:00Z' };
    await recordDeadEvent(simulation.connect(), body, tooOften);
    await recordDeadEvent(simulation.connect(), body, tooOften);
    const { runs, tasks } = recordsOf(simulation);
    expect(runs).toMatchObject([{ eventId: 'dead', status: 'Failed' }]);
    expect(runs[0]?.endedAt).toBeDefined();
    expect(tasks.map(({ table, status }) => `${table}: ${status}`)).toEqual(['contact: Failed', 'lead: Failed']);
  });

  it('that nobody understands is dropped', async () => {
    const { simulation } = contacts(1);
    simulation.broker.messages.length = 0;
    await recordDeadTask(simulation.connect(), { schema: 'other' }, tooOften);
    await recordDeadEvent(simulation.connect(), 'nonsense', tooOften);
    expect(recordsOf(simulation)).toEqual({ runs: [], tasks: [] });
  });
});

describe('the id of a task message', () => {
  it('I2 tells every message of a task from every other, and a message from itself never', () => {
    const task = firstLinkTask('0'.repeat(32), 'contact');
    const ids = [0, 1, 2].flatMap((followUp) =>
      [0, 1, 10].flatMap((slice) =>
        [0, 1, 10].map((failures) => linkTaskMessageId({ ...task, followUp, slice, failures })),
      ),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toBe(`${'0'.repeat(32)}/contact`);
  });

  it('I2 does so for the longest table name too', () => {
    const task = firstLinkTask('0'.repeat(32), `a${'b'.repeat(127)}`);
    const [one, other] = [1, 2].map((slice) => linkTaskMessageId({ ...task, slice }));
    expect(one).not.toBe(other);
    expect(one?.length).toBeLessThanOrEqual(128);
  });
});
