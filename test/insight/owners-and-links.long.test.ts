import { describe, expect, it } from 'vitest';
import { ownedOrganisation, ownedSetup, ownersOf, putProfile, unitId } from '../support/owned-organisation.ts';
import type { Simulation } from '../support/simulation.ts';
import { guidOf, mapTo } from '../support/small-organisation.ts';
import { recordsOf } from '../support/state-of.ts';
import type { Fault } from '../support/worker.ts';

const unitValue = '_owningbusinessunit_value';
const hour = 3_600_000;
const contacts = 8;
const profiles = 'msdynci_customerprofile';

/** Contacts of North and South; the app sees to the owners of their profiles, and leaves unlinked what differs. */
function beforeBoth(): Simulation {
  const simulation = ownedOrganisation(
    {},
    {
      ...ownedSetup,
      tables: ownedSetup.tables.slice(0, 1),
      businessUnits: { ...ownedSetup.businessUnits, acrossUnits: 'leaveUnlinked' },
    },
  );
  const { organisation } = simulation;
  organisation.alterTable('contact', {
    columns: new Map([
      ['contactid', 'Uniqueidentifier'],
      ['owningbusinessunit', 'Lookup'],
    ]),
  });
  for (let number = 1; number <= contacts; number++) {
    putProfile(simulation, number, (number % 2) + 1);
    organisation.put('contact', guidOf('c', number), { [unitValue]: unitId((number % 2) + 1) });
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  return simulation;
}

async function play(fault?: { readonly at: number; readonly kind: 'die before' | 'die after' }): Promise<Simulation> {
  const simulation = beforeBoth();
  simulation.world.faultAt = (step): Fault | undefined => (step === fault?.at ? { kind: fault.kind } : undefined);
  const run = async (event: Parameters<Simulation['post']>[0]) => {
    simulation.post(event);
    await simulation.run();
    simulation.clock.advance(hour);
  };
  await run({ eventId: 'rehearsal', mode: 'rehearsal' });
  await run({ eventId: 'confirmed', giveOwners: true });
  // Three customers move to the other unit; one contact follows.
  for (const number of [1, 2, 3]) putProfile(simulation, number, ((number + 1) % 2) + 1);
  simulation.organisation.put('contact', guidOf('c', 1), { [unitValue]: unitId(1) });
  await run({ eventId: 'moved' });
  await run({ eventId: 'walk', mode: 'reconcile' });
  await run({ eventId: 'last' });
  return simulation;
}

/** Links at the end: everybody's but 2 and 3, who stayed where their profile is no longer. */
const linked = [1, 4, 5, 6, 7, 8].map((number) => [guidOf('c', number), guidOf('p', number)]);

describe('owners that the app sees to, and rows it leaves unlinked', () => {
  it('come to rest together: nothing is written any more', async () => {
    const simulation = await play();
    const { organisation } = simulation;
    expect(simulation.errors).toEqual([]);
    expect([...organisation.links('contact')].sort()).toEqual(linked);
    expect(ownersOf(simulation, profiles).get(guidOf('p', 2))).toBe(2);

    const writes = organisation.writes.length;
    const owners = JSON.stringify([...ownersOf(simulation, profiles)]);
    for (const [eventId, mode] of [
      ['a', 'incremental'],
      ['b', 'reconcile'],
      ['c', 'full'],
      ['d', 'incremental'],
    ] as const) {
      simulation.post({ eventId, mode });
      await simulation.run();
      simulation.clock.advance(hour);
    }

    expect(organisation.writes.length).toBe(writes);
    expect(JSON.stringify([...ownersOf(simulation, profiles)])).toBe(owners);
    expect(recordsOf(simulation).runs.at(-1)?.status).toBe('Successful');
  });

  it.each(['die before', 'die after'] as const)(
    'I4 come to the same where a process should %s any one step',
    { timeout: 180_000 },
    async (kind) => {
      const { steps } = (await play()).world;
      // Every fifth step, others in each of the two: a run of both is long.
      for (let at = kind === 'die before' ? 1 : 2; at <= steps; at += 5) {
        const simulation = await play({ at, kind });
        expect([...simulation.organisation.links('contact')].sort(), `step ${at}`).toEqual(linked);
        expect(simulation.errors, `step ${at}`).toEqual([]);
      }
    },
  );
});
