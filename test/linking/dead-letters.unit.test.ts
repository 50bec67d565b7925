import { describe, expect, it } from 'vitest';
import { firstLinkTask } from '../../shared/contracts/link-task.ts';
import { RetryableError } from '../../shared/errors.ts';
import { recordDeadEvent, recordDeadTask } from '../../shared/runs/record-dead-letter.ts';
import { linkStateOf, recordsOf, taskOf } from '../support/state-of.ts';
import { contacts, loseTasks } from './watched-runs.ts';

const minute = 60_000;
const tooOften = { reason: 'MaxDeliveryCountExceeded', description: 'Delivered ten times.' };

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
