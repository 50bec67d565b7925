import { describe, expect, it } from 'vitest';
import { coverageShare, coverageText } from '../../shared/contracts/coverage-text.ts';
import { addProfile, mapRowId, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { taskOf } from '../support/state-of.ts';

const none = { notInMap: 0, waiting: 0, failed: 0, held: 0, acrossUnits: 0, keyUnusable: 0 };

describe('coverage', () => {
  it('says how many rows are linked, and why the others are not', async () => {
    const simulation = smallOrganisation({ contacts: 10, leads: 0 }, { settlingLimitMs: 0 });
    for (let number = 1; number <= 7; number++) {
      if (number < 7) addProfile(simulation, number);
      mapTo(simulation, { kind: 'c', source: number, profile: number, spelling: 0 });
    }
    const runId = simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    const { coverage, details } = taskOf(simulation, runId, 'contact');
    expect(coverage).toEqual({ rows: 10, linked: 6, notLinked: { ...none, notInMap: 3, waiting: 1 } });
    expect(details.join()).not.toContain('linked');
  });

  it('counts a row that waits for another profile and has a link meanwhile as linked', async () => {
    const simulation = smallOrganisation({ contacts: 3, leads: 0 }, { settlingLimitMs: 0 });
    addProfile(simulation, 1);
    mapTo(simulation, { kind: 'c', source: 1, profile: 1, spelling: 0 });
    simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    mapTo(simulation, { kind: 'c', source: 1, profile: 2, spelling: 0 });
    const runId = simulation.post({ eventId: 'second', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact')).toMatchObject({
      counters: { waiting: 1 },
      coverage: { rows: 3, linked: 1, notLinked: { ...none, notInMap: 2 } },
    });
  });

  it('tells rows that are held, and map rows without a usable key, by themselves', async () => {
    const simulation = smallOrganisation({ contacts: 30, leads: 0 }, { settlingLimitMs: 0, pageSize: 100 });
    for (let number = 1; number <= 20; number++) {
      addProfile(simulation, number);
      mapTo(simulation, { kind: 'c', source: number, profile: number, spelling: 0 });
    }
    simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    for (let number = 2; number <= 20; number++)
      mapTo(simulation, { kind: 'c', source: number, profile: 1, spelling: 0 });
    simulation.organisation.put('msdynci_alternatekey', mapRowId({ kind: 'c', source: 21 }), {
      msdynci_datasourcename: 'CRM',
      msdynci_entityname: 'contact1',
      msdynci_alternatevalue: 'no id',
    });
    const runId = simulation.post({ eventId: 'second', tables: ['contact'] });
    await simulation.run();
    expect(taskOf(simulation, runId, 'contact').coverage).toEqual({
      rows: 30,
      linked: 1,
      notLinked: { ...none, notInMap: 9, held: 19, keyUnusable: 1 },
    });
  });

  it('is right though a process died after it wrote and before it counted', async () => {
    for (let step = 20; step < 140; step += 3) {
      const simulation = smallOrganisation({ contacts: 12, leads: 0 });
      for (let number = 1; number <= 12; number++) {
        addProfile(simulation, number);
        mapTo(simulation, { kind: 'c', source: number, profile: number, spelling: 0 });
      }
      simulation.world.faultAt = (at) => (at === step ? { kind: 'die after' } : undefined);
      const runId = simulation.post({ eventId: 'first', tables: ['contact'] });
      await simulation.run();
      const { coverage } = taskOf(simulation, runId, 'contact');
      expect(coverage, `step ${step}`).toEqual({ rows: 12, linked: 12, notLinked: none });
    }
  });

  it('of a table without rows is whole', () => {
    expect(coverageText({ rows: 0, linked: 0, notLinked: none })).toBe('100 % of about 0 rows linked.');
  });

  it('is told with every reason, and is 100 % only where every row is linked', () => {
    const coverage = { rows: 23_000, linked: 22_993, notLinked: { ...none, notInMap: 4, held: 2, keyUnusable: 1 } };
    expect(coverageShare(coverage)).toBe('99.9 %');
    expect(coverageText(coverage)).toBe(
      '99.9 % of about 23,000 rows linked; 7 not: 4 not in the map, 2 held until somebody confirms, 1 without a usable key in the map.',
    );
  });
});
