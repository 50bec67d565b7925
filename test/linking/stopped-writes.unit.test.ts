import { describe, expect, it } from 'vitest';
import { ServiceFailure } from '../../shared/dataverse/service-failure.ts';
import { RetryableError, TerminalError } from '../../shared/errors.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { taskOf } from '../support/state-of.ts';

/** A run over contacts whose writes are stopped after the first `taken` rows, `times` times. */
async function runStopped(taken: number, why: Error, times = Number.POSITIVE_INFINITY) {
  const simulation: Simulation = smallOrganisation({ contacts: 12, leads: 0 });
  for (let number = 1; number <= 12; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  const { organisation } = simulation;
  const connect = organisation.connect.bind(organisation);
  let stops = 0;
  organisation.connect = (worker) => {
    const dataverse = connect(worker);
    return {
      ...dataverse,
      async update(request) {
        if (++stops > times) return dataverse.update(request);
        const rows = request.rows.slice(0, taken);
        const { written } = await dataverse.update({ ...request, rows });
        return { written, gone: [], failed: [], unsent: request.rows.slice(taken).map(({ id }) => id), stopped: why };
      },
    };
  };
  const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
  await simulation.run();
  return { task: taskOf(simulation, runId, 'contact'), links: organisation.links('contact').size };
}

const lacksPrivilege = new ServiceFailure(
  {
    status: 403,
    code: '0x80040220',
    message: 'Principal user is missing prvWriteContact privilege.',
    isService: true,
    failureClass: 'privilege',
  },
  'update contacts',
);

describe('writes that are stopped', () => {
  it('fail the task with the reason, and count what was written before', async () => {
    const { task, links } = await runStopped(3, new TerminalError('Every row was refused alike.'));

    expect(task.status).toBe('Failed');
    expect(task.details[0]).toContain('Every row was refused alike.');
    expect([task.counters.linked, links]).toEqual([3, 3]);
  });

  it('skip the table only where nothing was written', async () => {
    const before = await runStopped(0, lacksPrivilege);
    const amidst = await runStopped(2, lacksPrivilege);

    expect(before.task).toMatchObject({ status: 'Skipped', findings: [{ code: 'privilege-missing' }] });
    expect(amidst.task).toMatchObject({ status: 'Failed', counters: { linked: 2 } });
  });

  it('are taken up again where the reason passes, and every row is counted once', async () => {
    const { task, links } = await runStopped(2, new RetryableError('Not for now.'), 3);

    expect(task).toMatchObject({ status: 'Successful', counters: { linked: 12 } });
    expect(links).toBe(12);
  });

  it('are given up in the end where nothing ever gets on', async () => {
    const { task } = await runStopped(0, new RetryableError('Not for now.'));

    expect(task.status).toBe('Failed');
    expect(task.details.join(' ')).toMatch(/Not for now.*Given up/);
  });
});

describe('reads that are kept waiting', () => {
  it('are handed over before the host would cut the function off, and the run goes on later', async () => {
    const simulation: Simulation = smallOrganisation({ contacts: 3, leads: 0 });
    for (let number = 1; number <= 3; number++) {
      addProfile(simulation, number);
      mapTo(simulation, { kind: 'c', source: number, profile: number });
    }
    const { organisation, clock } = simulation;
    const connect = organisation.connect.bind(organisation);
    let waits = 0;
    const waitedMs: number[] = [];
    organisation.connect = (worker) => {
      const dataverse = connect(worker);
      return {
        ...dataverse,
        async readLists(requests, signal) {
          // One pause after another, as a service under pressure asks for them.
          const since = clock.now();
          while (++waits <= 40) {
            await clock.sleep(50_000);
            waitedMs.push(clock.now() - since);
            signal?.throwIfAborted();
          }
          return dataverse.readLists(requests, signal);
        },
      };
    };
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    await simulation.run();

    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { linked: 3 } });
    expect(Math.max(...waitedMs)).toBeLessThan(600_000);
  });
});
