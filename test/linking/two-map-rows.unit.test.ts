import { describe, expect, it } from 'vitest';
import { addProfile, guidOf, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { taskOf } from '../support/state-of.ts';

describe('two map rows of one row, on different pages of a first pass', () => {
  it('P8 leave the row with the newer one when the pass ends, however many such rows there are', async () => {
    const simulation = smallOrganisation({ contacts: 12, leads: 0 }, { pageSize: 4, sliceMs: 60_000 });
    for (let number = 1; number <= 24; number++) addProfile(simulation, number);
    for (let source = 1; source <= 12; source++) mapTo(simulation, { kind: 'c', source, profile: source });
    for (let source = 1; source <= 12; source++)
      mapTo(simulation, { kind: 'c', source, profile: 12 + source, mapRow: 100 + source });
    const runId = simulation.post({ eventId: 'first', tables: ['contact'] });
    await simulation.run();
    const links = simulation.organisation.links('contact');
    expect([...links.keys()].map((id) => links.get(id)).sort()).toEqual(
      Array.from({ length: 12 }, (_, at) => guidOf('p', 13 + at)).sort(),
    );
    expect(taskOf(simulation, runId, 'contact').status).toBe('Successful');
  });
});
