import { describe, expect, it } from 'vitest';
import type { Task } from '../../shared/contracts/run.ts';
import { RetryableError, TerminalError } from '../../shared/errors.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { linkStateOf, pendingOf, recordsOf, taskOf } from '../support/state-of.ts';
import type { Fault, Step } from '../support/worker.ts';

function contacts(count: number): { simulation: Simulation; runId: string } {
  const simulation = smallOrganisation({ contacts: count, leads: 0 });
  for (let number = 1; number <= count; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  return { simulation, runId: simulation.post({ eventId: 'event', tables: ['contact'] }) };
}

/** Befalls every step of a kind, as often as given. */
function befall(simulation: Simulation, kind: Step, fault: Fault, times = Number.POSITIVE_INFINITY): void {
  let left = times;
  simulation.world.faultAt = (_step, what) => (what === kind && left-- > 0 ? fault : undefined);
}

describe('while a service is unavailable', () => {
  it('I9 a slice that met a Retry-After comes back no sooner', async () => {
    const { simulation } = contacts(4);
    const times: number[] = [];
    simulation.world.faultAt = (_step, what) => {
      if (what !== 'dataverse write') return undefined;
      times.push(simulation.clock.now());
      if (times.length > 1) return undefined;
      return { kind: 'error before', error: new RetryableError('429', { retryAfterMs: 90_000 }) };
    };
    await simulation.run();
    const [refused = 0, next = 0] = times;
    expect(next - refused).toBeGreaterThanOrEqual(90_000);
    expect(simulation.organisation.links('contact').size).toBe(4);
  });

  it('I5 a task says so, and since when it goes on says so no more', async () => {
    const { simulation, runId } = contacts(4);
    const error = new RetryableError('Dataverse does not answer.');
    befall(simulation, 'dataverse write', { kind: 'error before', error }, 3);
    let said: Task | undefined;
    simulation.tables.runs.onWrite = (_partition, _row, document) => {
      if ((document as Task).details?.some((line) => line.startsWith('Interrupted'))) said = document as Task;
    };
    await simulation.run();
    expect(said?.details.at(-1)).toMatch(/^Interrupted, goes on at 20.* Dataverse does not answer\.$/);
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
    expect(taskOf(simulation, runId, 'contact').details.join()).not.toContain('Interrupted');
  });

  it('I5 a task ends as Failed at last, with the reason, and the next run begins where it stood', async () => {
    const { simulation, runId } = contacts(4);
    befall(simulation, 'dataverse write', { kind: 'error before', error: new RetryableError('Dataverse is down.') });
    const begun = simulation.clock.now();
    await simulation.run();
    const task = taskOf(simulation, runId, 'contact');
    expect(task.status).toBe('Failed');
    expect(task.details[0]).toBe('Dataverse is down. Given up after 50 tries.');
    expect(simulation.clock.now() - begun).toBeGreaterThan(3 * 3_600_000);
    expect(linkStateOf(simulation, 'contact').pass).toBeUndefined();

    simulation.world.faultAt = () => undefined;
    const next = simulation.post({ eventId: 'next', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, next, 'contact')).toMatchObject({ status: 'Successful', counters: { linked: 4 } });
  });

  it('I5 a task that gets on between failures is never given up', async () => {
    const { simulation, runId } = contacts(80);
    // Every other request fails: a hundred failures, and a page linked between any two.
    Object.assign(simulation.options, { pageSize: 1 });
    let writes = 0;
    simulation.world.faultAt = (_step, what) => {
      if (what !== 'dataverse write' || ++writes % 2 === 0) return undefined;
      return { kind: 'error before', error: new RetryableError('503') };
    };
    await simulation.run();
    expect(writes).toBeGreaterThan(150);
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful' });
    expect(simulation.organisation.links('contact').size).toBe(80);
  });

  it.each(['table read', 'table write'] as const)(
    'I5 an outage of the state at every %s is waited out',
    async (step) => {
      const { simulation, runId } = contacts(4);
      befall(simulation, step, { kind: 'error before', error: new RetryableError('Table Storage is down.') }, 60);
      await simulation.run();
      expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
      expect(simulation.organisation.links('contact').size).toBe(4);
    },
  );

  it('I5 an outage of Service Bus is outlived', async () => {
    const { simulation, runId } = contacts(12);
    befall(simulation, 'send', { kind: 'error before', error: new RetryableError('Service Bus is down.') }, 12);
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
    expect(simulation.organisation.links('contact').size).toBe(12);
  });
});

describe('what repeating cannot help', () => {
  it('I5 ends the task as Failed with the reason and the remedy, and no other', async () => {
    const simulation = smallOrganisation({ contacts: 2, leads: 2 });
    addProfile(simulation, 1);
    mapTo(simulation, { kind: 'c', source: 1, profile: 1 });
    mapTo(simulation, { kind: 'l', source: 1, profile: 1 });
    const runId = simulation.post({ eventId: 'event' });
    const error = new TerminalError('The identity may not write contact: give it prvWriteContact.');
    let failed = false;
    simulation.world.faultAt = (_step, what) => {
      const isContact = simulation.tables.linkStates
        .documents('table')
        .some(({ rowKey, document }) => rowKey === 'contact' && (document as { pass?: object }).pass !== undefined);
      if (failed || what !== 'dataverse write' || !isContact) return undefined;
      failed = true;
      return { kind: 'error before', error };
    };
    await simulation.run();
    const [contact, lead] = ['contact', 'lead'].map((table) => taskOf(simulation, runId, table));
    expect(contact).toMatchObject({ status: 'Failed', details: [error.message] });
    expect(lead?.status).toBe('Successful');
    expect(recordsOf(simulation).runs[0]?.status).toBe('Failed');
    expect(simulation.broker.published.map(({ data }) => data.status)).toEqual(['Failed']);
  });

  it('I6 one bad row stops no other, is told with its reason, and is linked when it can be', async () => {
    const { simulation, runId } = contacts(6);
    const [bad = ''] = simulation.organisation.ids('contact');
    simulation.organisation.badRows.set(bad, 'A business rule forbids it.');
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({
      status: 'Completed with warnings',
      counters: { linked: 5, failed: 1 },
    });
    expect(pendingOf(simulation, 'contact')).toMatchObject([
      { id: bad, cause: 'failed', reason: 'Dataverse refused the row (0x80040265): A business rule forbids it.' },
    ]);
    simulation.organisation.badRows.clear();
    simulation.post({ eventId: 'next', tables: ['contact'] });
    await simulation.run();
    expect(simulation.organisation.links('contact').size).toBe(6);
    expect(pendingOf(simulation, 'contact')).toEqual([]);
  });
});
