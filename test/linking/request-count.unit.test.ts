import { describe, expect, it } from 'vitest';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, mapTo, smallOrganisation, unmap } from '../support/small-organisation.ts';
import { taskOf } from '../support/state-of.ts';

const contacts = 3_000;

/** Many contacts, linked; pages and bulk requests as large as in an organisation, and no second look. */
async function linkedContacts(): Promise<Simulation> {
  const simulation = smallOrganisation(
    { contacts, leads: 0 },
    { pageSize: 5_000, sliceMs: 600_000, settlingIntervalMs: 0, settlingLimitMs: 0 },
  );
  simulation.organisation.bulkSize = 200;
  for (let number = 1; number <= contacts; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number, spelling: 0 });
  }
  await play(simulation, 'first');
  return simulation;
}

async function play(simulation: Simulation, eventId: string) {
  simulation.clock.advance(3_600_000);
  const before = simulation.organisation.requests;
  const runId = simulation.post({ eventId, tables: ['contact'] });
  await simulation.run();
  return { ...taskOf(simulation, runId, 'contact'), requests: simulation.organisation.requests - before };
}

describe('requests of a later pass', () => {
  it('are few where nothing changed, and where a hundred rows were moved, and where a hundred left the map', async () => {
    const simulation = await linkedContacts();
    const quiet = await play(simulation, 'quiet');
    for (let number = 1; number <= 100; number++)
      mapTo(simulation, { kind: 'c', source: number, profile: number + 100, spelling: 0 });
    const moved = await play(simulation, 'moved');
    for (let number = 1; number <= 100; number++) unmap(simulation, { kind: 'c', source: number });
    const left = await play(simulation, 'left');
    expect([moved.counters.relinked, left.counters.cleared]).toEqual([100, 100]);
    expect(quiet.requests).toBeLessThanOrEqual(6);
    expect(moved.requests).toBeLessThanOrEqual(14);
    expect(left.requests).toBeLessThanOrEqual(20);
    expect(left.details.join(' ')).not.toContain('Walked');
  });
});
