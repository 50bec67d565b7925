import { describe, expect, it } from 'vitest';
import { addProfile, guidOf, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { taskOf } from '../support/state-of.ts';

describe('a table whose rows are of another environment', () => {
  it.each(['incremental', 'rehearsal'] as const)(
    'I5 is skipped in mode %s with the original text, before a column is made',
    async (mode) => {
      const simulation = smallOrganisation({ contacts: 3, leads: 0 });
      addProfile(simulation, 1);
      for (let number = 11; number <= 15; number++)
        mapTo(simulation, { kind: 'c', source: number, profile: 1, spelling: 0 });
      const runId = simulation.post({ eventId: 'event', tables: ['contact'], mode });
      await simulation.run();
      const task = taskOf(simulation, runId, 'contact');
      expect(task.status).toBe('Skipped');
      expect(task.findings).toMatchObject([{ code: 'other-environment' }]);
      expect(task.details[0]).toContain('same Dataverse organization');
      expect(simulation.organisation.hasColumn('contact', 'msdynci_lookupfield_customerprofile')).toBe(false);
    },
  );

  it('is told from one of which the map names few rows, and those are deleted', async () => {
    const simulation = smallOrganisation({ contacts: 4, leads: 0 });
    addProfile(simulation, 1);
    for (const number of [1, 2, 3, 11]) mapTo(simulation, { kind: 'c', source: number, profile: 1, spelling: 0 });
    for (const number of [1, 2, 3]) simulation.organisation.remove('contact', guidOf('c', number));
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({ status: 'Successful', counters: { gone: 4 } });
    mapTo(simulation, { kind: 'c', source: 4, profile: 1, spelling: 0 });
    simulation.post({ eventId: 'next', tables: ['contact'] });
    await simulation.run();
    expect(simulation.organisation.links('contact').get(guidOf('c', 4))).toBe(guidOf('p', 1));
  });

  it('is told from one of which some rows were deleted', async () => {
    const simulation = smallOrganisation({ contacts: 6, leads: 0 });
    addProfile(simulation, 1);
    for (let number = 1; number <= 6; number++)
      mapTo(simulation, { kind: 'c', source: number, profile: 1, spelling: 0 });
    for (let number = 1; number <= 4; number++) simulation.organisation.remove('contact', guidOf('c', number));
    const runId = simulation.post({ eventId: 'event', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').counters).toMatchObject({ linked: 2, gone: 4 });
  });
});
