import { describe, expect, it } from 'vitest';
import { ServiceFailure } from '../../shared/dataverse/service-failure.ts';
import type { PrivilegeFinding } from '../../shared/inspect/missing-privileges.ts';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, mapTo, smallOrganisation, unmap } from '../support/small-organisation.ts';
import { linkStateOf, taskOf } from '../support/state-of.ts';

const minute = 60_000;
const skippedText = 'Error: Linking of Dataverse tables to the CustomerProfile table is skipped.';

function contacts(count: number): Simulation {
  const simulation = smallOrganisation({ contacts: count, leads: 2 });
  for (let number = 1; number <= count; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  return simulation;
}

describe('a table that the map does not name', () => {
  it('I5 is skipped with the reason once the map has had time to arrive, and nothing is written', async () => {
    const simulation = contacts(3);
    const runId = simulation.post({ eventId: 'event' });
    await simulation.run(simulation.clock.now() + minute);
    expect(taskOf(simulation, runId, 'lead').status).toBe('Refreshing');

    await simulation.run();
    const { status, details, findings } = taskOf(simulation, runId, 'lead');
    expect(status).toBe('Skipped');
    expect(details[0]).toBe(skippedText);
    expect(details[1]).toMatch(/^The map names no row of table "lead" from data source "CRM".*both names are those of/);
    expect(findings).toMatchObject([{ code: 'not-in-unification' }]);
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', findings: [] });
    expect(simulation.organisation.links('lead').size).toBe(0);
  });

  it('is linked where the map arrives while the run still looks', async () => {
    const simulation = contacts(1);
    const runId = simulation.post({ eventId: 'event', tables: ['lead'] });
    simulation.clock.after(3 * minute, () => mapTo(simulation, { kind: 'l', source: 1, profile: 1 }));
    await simulation.run();
    expect(taskOf(simulation, runId, 'lead')).toMatchObject({
      status: 'Successful',
      counters: { linked: 1 },
      findings: [],
    });
  });

  it('is told of by a rehearsal too, and at once by a run that an operator starts', async () => {
    const simulation = contacts(1);
    const rehearsal = simulation.post({ eventId: 'rehearsal', tables: ['lead'], mode: 'rehearsal' });
    await simulation.run();
    expect(taskOf(simulation, rehearsal, 'lead')).toMatchObject({ status: 'Skipped', passes: 1 });
    const runId = simulation.post({ eventId: 'asked', tables: ['lead'], source: 'operator' });
    await simulation.run();
    expect(taskOf(simulation, runId, 'lead')).toMatchObject({ status: 'Skipped', passes: 1 });
  });

  it('is a warning in the run that clears its last links, and skipped from then on', async () => {
    const simulation = contacts(2);
    simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    for (const source of [1, 2]) unmap(simulation, { kind: 'c', source });
    const clearing = simulation.post({ eventId: 'second', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, clearing, 'contact')).toMatchObject({
      status: 'Completed with warnings',
      counters: { cleared: 2 },
      findings: [{ code: 'not-in-unification' }],
    });
    const next = simulation.post({ eventId: 'third', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, next, 'contact').status).toBe('Skipped');
  });

  it('is no table of which the map was quiet this time', async () => {
    const simulation = contacts(2);
    simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    const runId = simulation.post({ eventId: 'quiet', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { read: 0 } });
  });
});

describe('a privilege that is missing', () => {
  const missing: PrivilegeFinding[] = ['prvReadContact', 'prvAppendContact'].map((name) => ({
    code: 'privilege-missing',
    finding: `The app lacks ${name}.`,
    remedy: 'Run "backstamp grant".',
  }));
  const refusal = {
    status: 403,
    code: '0x80040220',
    message: 'Principal user is missing prvReadmsdynci_alternatekey privilege.',
    isService: true,
    failureClass: 'privilege',
  } as const;

  it('I5 skips the table with everything that is missing, before anything is made or written', async () => {
    const simulation = contacts(2);
    simulation.privileges = { findings: missing, notes: [] };
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    await simulation.run();
    const task = taskOf(simulation, runId, 'contact');
    expect(task).toMatchObject({ status: 'Skipped', findings: missing, counters: { read: 0, linked: 0 } });
    expect(task.details).toEqual([skippedText, ...missing.map(({ finding, remedy }) => `${finding} ${remedy}`)]);
    expect(linkStateOf(simulation, 'contact')).toEqual({ schema: 'backstamp.link-state/1', pendingRows: 0 });
    expect(simulation.organisation.writes).toEqual([]);

    simulation.privileges = { findings: [], notes: [] };
    const next = simulation.post({ eventId: 'mended', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, next, 'contact')).toMatchObject({ status: 'Successful', counters: { linked: 2 } });
  });

  it('that cannot be looked for is said, and keeps nothing from going on', async () => {
    const simulation = contacts(1);
    simulation.privileges = { findings: [], notes: ['The privileges of the app cannot be checked.'] };
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    await simulation.run();
    const task = taskOf(simulation, runId, 'contact');
    expect(task.status).toBe('Successful');
    expect(task.details).toContain('The privileges of the app cannot be checked.');
  });

  it.each([
    ['before any row was changed skips the table', 1, 'Skipped'],
    ['in the midst of a pass fails the task, with the remedy', 3, 'Failed'],
  ])('and is met %s', async (_, readOfMap, status) => {
    const simulation = contacts(12);
    const { organisation } = simulation;
    const connect = organisation.connect.bind(organisation);
    let reads = 0;
    organisation.connect = (worker) => {
      const dataverse = connect(worker);
      return {
        ...dataverse,
        readChanges: (request, signal) =>
          ++reads >= readOfMap
            ? Promise.reject(new ServiceFailure(refusal, 'read the map'))
            : dataverse.readChanges(request, signal),
      };
    };
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    await simulation.run();
    const task = taskOf(simulation, runId, 'contact');
    expect(task.status).toBe(status);
    expect(task.details.join(' ')).toContain('prvReadmsdynci_alternatekey');
    if (status === 'Skipped') expect(task.findings).toMatchObject([{ code: 'privilege-missing' }]);
  });
});
