import { describe, expect, it } from 'vitest';
import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import { ownedOrganisation, ownedSetup, ownersOf, putProfile } from '../support/owned-organisation.ts';
import type { Simulation } from '../support/simulation.ts';
import { guidOf } from '../support/small-organisation.ts';
import { recordsOf } from '../support/state-of.ts';

const profiles = 'msdynci_customerprofile';
const count = 12;
const { businessUnits } = ownedSetup;
const [north, south] = businessUnits?.teams ?? [];

/** The same teams with each other's values. */
const swapped: UnificationSetup = {
  ...ownedSetup,
  businessUnits: {
    ...businessUnits,
    teams: [
      { businessUnit: 'North', team: 'North customers', values: south?.values ?? [] },
      { businessUnit: 'South', team: 'South customers', values: north?.values ?? [] },
    ],
  },
};

async function rehearseAndConfirm(simulation: Simulation, setup: UnificationSetup): Promise<void> {
  Object.assign(simulation.options, { setup });
  for (const event of [{ mode: 'rehearsal' as const }, { giveOwners: true }]) {
    simulation.clock.advance(60_000);
    simulation.post({ eventId: `${simulation.clock.now()}`, tables: [profiles], ...event });
    await simulation.run();
  }
}

/** How many rows the pass in progress over the profiles has read; undefined where there is none. */
function readByPass({ tables: { linkStates } }: Simulation): number | undefined {
  const state = linkStates.documents('table').find(({ rowKey }) => rowKey === profiles)?.document;
  return (state as { pass?: { counters: { read: number } } } | undefined)?.pass?.counters.read;
}

async function deliverUntil(simulation: Simulation, isReached: () => boolean): Promise<void> {
  for (let delivery = 0; !isReached(); delivery++) {
    if (delivery === 100) throw new Error('It is never reached.');
    await simulation.deliver();
  }
}

describe('a mapping that changes while a pass is under way', () => {
  it('I1 leaves no row with the owner of a mapping that was there for a slice only', async () => {
    const simulation = ownedOrganisation({ pageSize: 2, sliceMs: 1 });
    for (let number = 1; number <= count; number++) putProfile(simulation, number, 1 + (number % 2));
    await rehearseAndConfirm(simulation, ownedSetup);
    await rehearseAndConfirm(simulation, swapped);
    simulation.clock.advance(3_600_000);
    // Every row has another owner now than it is to have; where the mapping changes back, none is written.
    Object.assign(simulation.options, { setup: ownedSetup });
    simulation.post({ eventId: 'first', source: 'operator', tables: [profiles] });
    await deliverUntil(simulation, () => (readByPass(simulation) ?? 0) > 0);

    Object.assign(simulation.options, { setup: swapped });
    await deliverUntil(simulation, () => readByPass(simulation) === undefined);
    Object.assign(simulation.options, { setup: ownedSetup });
    await simulation.run();
    simulation.clock.advance(3_600_000);
    simulation.post({ eventId: 'next', source: 'operator', tables: [profiles] });
    await simulation.run();

    const owners = ownersOf(simulation, profiles);
    for (let number = 1; number <= count; number++) {
      expect(owners.get(guidOf('p', number)), `profile ${number}`).toBe(1 + (number % 2));
    }
    expect(recordsOf(simulation).runs.at(-1)?.status).toBe('Successful');
    expect(simulation.errors).toEqual([]);
  });
});
