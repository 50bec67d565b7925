import { describe, expect, it } from 'vitest';
import { firstLinkTask, linkTaskMessageId, linkTaskSchema } from '../../shared/contracts/link-task.ts';
import { eventOf } from '../../shared/contracts/unification-event.ts';
import { linkTable } from '../../shared/passes/link-table.ts';
import { recordsOf, taskOf } from '../support/state-of.ts';
import { contacts } from './watched-runs.ts';

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
