import { guardLinkStates } from '../support/link-state-transitions.ts';
import {
  creatorId,
  followerId,
  followerTables,
  ownedOrganisation,
  ownersOf,
  putFollower,
  putProfile,
} from '../support/owned-organisation.ts';
import type { Simulation } from '../support/simulation.ts';
import { guidOf } from '../support/small-organisation.ts';
import { linkStateOf, pendingOf, recordsOf } from '../support/state-of.ts';

const [activities = ''] = followerTables;
const profiles = 'msdynci_customerprofile';
/** The tables of the scenario; those left out are as activities are. */
export const scenarioTables: readonly string[] = [profiles, activities];
const minute = 60_000;

/** Profiles of two units and of none, with rows that follow them; one row is bad. */
export function beforeOwners(): Simulation {
  const simulation = ownedOrganisation({ sliceMs: 700 });
  guardLinkStates(simulation);
  for (let number = 1; number <= 5; number++) {
    putProfile(simulation, number, number % 3);
    putFollower(simulation, activities, { number, profile: number, byCustomer: number === 2 });
  }
  simulation.organisation.badRows.set(followerId(activities, 5), 'A business rule forbids it.');
  return simulation;
}

/**
 * A rehearsal, a confirmed run, then a unification in which two profiles move, and one arrives later than its row; last a run in peace, in which one more profile moves.
 */
export async function playOwners(simulation: Simulation): Promise<void> {
  const tables = [...scenarioTables];
  simulation.post({ eventId: 'rehearsal', mode: 'rehearsal', tables });
  await simulation.run();
  simulation.clock.advance(10 * minute);
  simulation.post({ eventId: 'confirmed', tables, giveOwners: true });
  await simulation.run();

  simulation.clock.advance(60 * minute);
  putProfile(simulation, 1, 2);
  putProfile(simulation, 2, 1);
  putFollower(simulation, activities, { number: 20, profile: 20 });
  simulation.post({ eventId: 'second', tables });
  simulation.clock.after(11 * minute, () => putProfile(simulation, 20, 1));
  await simulation.run();

  simulation.world.faultAt = () => undefined;
  simulation.deliveryFault = () => undefined;
  simulation.world.thaw();
  simulation.clock.advance(60 * minute);
  putProfile(simulation, 3, 1);
  simulation.post({ eventId: 'last', tables });
  await simulation.run();
}

/** Who must own each row at the end, by unit. */
export const ownersAtTheEnd = (): Map<string, ReadonlyMap<string, number | string>> => {
  const unitOf = (number: number) => ({ 1: 2, 2: 1, 3: 1, 4: 1, 5: 2, 20: 1 })[number] ?? -1;
  const rows = (table: string, numbers: readonly number[], idOf: (number: number) => string) =>
    [
      table,
      new Map(
        numbers.map((number) => {
          const isBad = table === activities && number === 5;
          return [idOf(number), isBad ? creatorId : unitOf(number)] as const;
        }),
      ),
    ] as const;
  return new Map([
    rows(profiles, [1, 2, 3, 4, 5, 20], (number) => guidOf('p', number)),
    rows(activities, [1, 2, 3, 4, 5, 20], (number) => followerId(activities, number)),
  ]);
};

/** All that must be the same at the end, whatever befell the processes on the way. */
export function endOfOwners(simulation: Simulation) {
  const { runs, tasks } = recordsOf(simulation);
  return {
    owners: scenarioTables.map((table) => [...ownersOf(simulation, table)].sort()),
    idle: scenarioTables.map((table) => linkStateOf(simulation, table).pass === undefined),
    pending: scenarioTables.flatMap((table) => pendingOf(simulation, table).map(({ id, cause }) => `${id} ${cause}`)),
    runs: runs.map(({ eventId, status }) => `${eventId}: ${status}`),
    tasks: tasks.map(({ table, status }) => `${table}: ${status}`).sort(),
    published: simulation.broker.published.map(({ data }) => `${data.eventId}: ${data.status}`).sort(),
  };
}
