import { describe, expect, it } from 'vitest';
import { noRows } from '../../shared/contracts/counters.ts';
import { firstLinkTask, linkTaskMessageId, linkTaskSchema } from '../../shared/contracts/link-task.ts';
import { eventOf } from '../../shared/contracts/unification-event.ts';
import { RetryableError } from '../../shared/errors.ts';
import { linkTable } from '../../shared/passes/link-table.ts';
import { completedEvent } from '../../shared/runs/announce.ts';
import { recordDeadEvent, recordDeadTask } from '../../shared/runs/record-dead-letter.ts';
import { updateTask } from '../../shared/runs/update-task.ts';
import { watchRuns } from '../../shared/runs/watch-runs.ts';
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

describe('the end of a run', () => {
  it('is not kept waiting by a topic that takes nothing, and is told when it does', async () => {
    const { simulation, runId } = contacts(2);
    let isAway = true;
    const connect = simulation.connect.bind(simulation);
    simulation.connect = (worker) => {
      const parts = connect(worker);
      const { publish } = parts.messenger;
      parts.messenger.publish = (event) => (isAway ? Promise.reject(new Error('refused for good')) : publish(event));
      return parts;
    };
    await simulation.run();
    const run = () => recordsOf(simulation).runs[0];
    expect(run()).toMatchObject({ status: 'Successful', unannounced: { tries: 1, reason: 'refused for good' } });
    await simulation.watch();
    expect(run()?.unannounced?.tries).toBe(2);
    isAway = false;
    await simulation.watch();
    expect(run()?.unannounced).toBeUndefined();
    expect(simulation.broker.published.map(({ data }) => data.runId)).toEqual([runId]);
    expect(simulation.tables.runs.documents('open').map(({ rowKey }) => rowKey)).toEqual(['names-all']);
  });

  it('is told in vain so often, and then left at that, which stays on the run', async () => {
    const { simulation } = contacts(2);
    const connect = simulation.connect.bind(simulation);
    simulation.connect = (worker) => {
      const parts = connect(worker);
      parts.messenger.publish = () => Promise.reject(new Error('refused for good'));
      return parts;
    };
    await simulation.run();
    for (let beat = 0; beat < 20; beat++) await simulation.watch();
    expect(recordsOf(simulation).runs[0]?.unannounced?.tries).toBe(12);
  });

  it('fits into a message whatever the number of its tables, the worst told first', () => {
    const { simulation, runId } = contacts(0);
    const tasks = Array.from({ length: 5_000 }, (_, number) => ({
      ...{
        runId,
        table: `new_${'x'.repeat(90)}${number}`,
        mode: 'incremental' as const,
        passes: 1,
        details: [],
        findings: [],
      },
      ...{ status: number === 4_999 ? ('Failed' as const) : ('Successful' as const), queuedAt: '', updatedAt: '' },
      counters: noRows,
    }));
    const run = {
      runId,
      eventId: 'e',
      source: 's',
      mode: 'incremental' as const,
      tables: [],
      confirm: false,
      beyondLimits: false,
      giveOwners: false,
      receivedAt: '',
      occurredAt: '',
    };
    const event = completedEvent(simulation.connect(), {
      ...run,
      status: 'Failed',
      endedAt: '2026-01-01T00:00:00Z',
      tasks,
    });
    expect(JSON.stringify(event).length).toBeLessThan(200_000);
    expect(event.data.tables[0]?.status).toBe('Failed');
    expect(event.data.tables.length + (event.data.tablesLeftOut ?? 0)).toBe(5_000);
  });

  it('is announced as its beginning was', async () => {
    const { simulation, runId } = contacts(2);
    await simulation.run();
    expect(simulation.broker.started).toMatchObject([
      { id: `${runId}/started`, type: 'Backstamp.LinkingStarted', data: { tables: 1 } },
    ]);
  });
});

describe('what only operators may ask for', () => {
  it('I14 I16 counts for nothing in a message that no order of the API stands behind', async () => {
    const { simulation, runId } = contacts(2);
    await simulation.run();
    const event = { ...eventOf({ source: 'attacker', eventId: 'x' }, new Date(simulation.clock.now()).toISOString()) };
    const forged = {
      ...event,
      mode: 'full',
      tables: ['lead'],
      confirm: true,
      startedBy: { kind: 'key', name: 'admin' },
    };
    simulation.broker.send('unification-events', 'forged', undefined, forged);
    await simulation.run();
    const run = recordsOf(simulation).runs.find((candidate) => candidate.runId !== runId);
    expect(run).toMatchObject({
      mode: 'incremental',
      tables: ['contact', 'lead'],
      beyondLimits: false,
      giveOwners: false,
    });
    expect(run?.startedBy).toBeUndefined();
    expect(simulation.tables.runs.documents('orders')).toEqual([]);
  });
});

describe('a task message that does not fit its run', () => {
  it.each([
    ['another follow-up', { followUp: 1 }, undefined],
    ['one that no number holds', { followUp: 999_999 }, undefined],
    ['a table that the run is not about', { table: 'lead' }, undefined],
    ['a session of another table', {}, 'lead'],
    ['another run', { runId: 'f'.repeat(32) }, undefined],
  ])('I14 changes nothing: %s', async (_, change, session) => {
    const { simulation, runId } = contacts(2);
    await simulation.deliver();
    const before = JSON.stringify([recordsOf(simulation), simulation.tables.linkStates.documents('table')]);
    await linkTable(simulation.connect(), { ...firstLinkTask(runId, 'contact'), ...change }, session);
    expect(JSON.stringify([recordsOf(simulation), simulation.tables.linkStates.documents('table')])).toBe(before);
    expect(simulation.organisation.writes).toEqual([]);
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
  });

  it.each(['followUp', 'slice', 'failures'])('is none where its %s is larger than any can be', (field) => {
    const task = { ...firstLinkTask('0'.repeat(32), 'contact'), [field]: Number.MAX_SAFE_INTEGER };
    expect(linkTaskSchema.safeParse(task).success).toBe(false);
  });
});

describe('a dead letter', () => {
  it('I5 of a task ends it as Failed, with the reason', async () => {
    const { simulation, runId } = contacts(2);
    loseTasks(simulation);
    await simulation.run(simulation.clock.now() + minute);
    // Nobody began to work on it: it is sent once more before that.
    await recordDeadTask(simulation.connect(), firstLinkTask(runId, 'contact'), tooOften);
    expect(taskOf(simulation, runId, 'contact').status).toBe('Queued');
    const again = { ...firstLinkTask(runId, 'contact'), isSentAgain: true } as const;
    await recordDeadTask(simulation.connect(), again, tooOften);
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
    const parts = simulation.connect();
    // A fault that no repetition mends.
    parts.messenger.sendLinkTasks = () => Promise.reject(new TypeError('no function'));
    await recordDeadEvent(parts, body, tooOften);
    await recordDeadEvent(parts, body, tooOften);
    const { runs, tasks } = recordsOf(simulation);
    expect(runs).toMatchObject([{ eventId: 'dead', status: 'Failed' }]);
    expect(runs[0]?.endedAt).toBeDefined();
    expect(tasks.map(({ table, status }) => `${table}: ${status}`)).toEqual(['contact: Failed', 'lead: Failed']);
  });

  it('of an event that was given up before anybody began is answered', async () => {
    const { simulation } = contacts(2);
    simulation.broker.messages.length = 0;
    await recordDeadEvent(simulation.connect(), { eventId: 'dead' }, tooOften);
    await simulation.run();
    expect(recordsOf(simulation).runs).toMatchObject([{ eventId: 'dead', status: 'Successful' }]);
  });

  it('of a task that was given up before anybody began is sent on its way once more', async () => {
    const { simulation, runId } = contacts(2);
    await simulation.deliver();
    const [message] = simulation.broker.messages.splice(0);
    if (message === undefined) throw new Error('No message is on its way.');
    simulation.broker.deadLetters.push(message);
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
  });

  it.each(['task', 'event'] as const)(
    'of a %s comes again later where the state is out of reach, without a loop',
    async (kind) => {
      const { simulation, runId } = contacts(2);
      await simulation.deliver();
      simulation.broker.messages.length = 0;
      const parts = simulation.connect();
      const away = () => Promise.reject(new RetryableError('Table Storage did not answer'));
      Object.assign(parts, { runs: new Proxy(parts.runs, { get: () => away }) });
      const begun = simulation.clock.now();
      if (kind === 'task') await recordDeadTask(parts, firstLinkTask(runId, 'contact'), tooOften);
      else await recordDeadEvent(parts, { eventId: 'dead' }, tooOften);
      const [message] = simulation.broker.messages;
      expect(simulation.broker.messages).toHaveLength(1);
      expect(message?.scheduledAt).toBeGreaterThan(begun + 4 * minute);
      await simulation.run();
      expect(recordsOf(simulation).runs.every(({ status }) => status === 'Successful')).toBe(true);
    },
  );

  it('that meets a fault of the program is dropped, and told', async () => {
    const { simulation, runId } = contacts(2);
    const parts = simulation.connect();
    Object.assign(parts, {
      runs: new Proxy(parts.runs, { get: () => () => Promise.reject(new TypeError('no function')) }),
    });
    await recordDeadTask(parts, firstLinkTask(runId, 'contact'), tooOften);
    await recordDeadEvent(parts, { eventId: 'dead' }, tooOften);
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
