import { describe, expect, it } from 'vitest';
import { coverageText } from '../../shared/linking/coverage.ts';
import { addProfile, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { linkStateOf, taskOf } from '../support/state-of.ts';

describe('coverage', () => {
  it('says how many rows are linked, and why the others are not, once for each task', async () => {
    const simulation = smallOrganisation({ contacts: 10, leads: 0 }, { settlingLimitMs: 0 });
    for (let number = 1; number <= 7; number++) {
      if (number < 7) addProfile(simulation, number);
      mapTo(simulation, { kind: 'c', source: number, profile: number, spelling: 0 });
    }
    const runId = simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    const lines = taskOf(simulation, runId, 'contact').details.filter((line) => line.startsWith('Coverage: '));
    expect(lines).toEqual([
      'Coverage: 60.0 % of about 10 rows linked; 4 not: 3 not in the map, 1 waiting for their profile.',
    ]);
    expect(linkStateOf(simulation, 'contact').linking?.coverage).toEqual({
      rows: 10,
      linked: 6,
      waiting: 1,
      failed: 0,
      acrossUnits: 0,
      notInMap: 3,
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
      const lines = taskOf(simulation, runId, 'contact').details.filter((line) => line.startsWith('Coverage: '));
      expect(lines, `step ${step}`).toEqual(['Coverage: 100.0 % of about 12 rows linked.']);
    }
  });

  it('of a table without rows is whole', () => {
    const none = { rows: 0, linked: 0, waiting: 0, failed: 0, acrossUnits: 0, notInMap: 0 };
    expect(coverageText(none)).toBe('100 % of about 0 rows linked.');
  });
});
