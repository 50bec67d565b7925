import type { Simulation } from './simulation.ts';
import { addProfile, guidOf, mapTo, smallOrganisation, unmap } from './small-organisation.ts';

const minute = 60_000;

/** The organisation before its first unification event. One profile is late, one row is bad, one key is no key. */
export function beforeTwoEvents(): Simulation {
  const simulation = smallOrganisation({ contacts: 13, leads: 4 });
  for (let number = 1; number <= 10; number++) if (number !== 9) addProfile(simulation, number);
  for (let number = 1; number <= 10; number++) mapTo(simulation, { kind: 'c', source: number, profile: number });
  // A duplicate of contact 1, which the map gives by its CustomerId alone.
  mapTo(simulation, { kind: 'c', source: 12, profile: 1, withoutLookup: true });
  for (let number = 1; number <= 4; number++) mapTo(simulation, { kind: 'l', source: number, profile: number });
  simulation.organisation.put('msdynci_alternatekey', guidOf('m', 500), {
    msdynci_datasourcename: 'CRM',
    msdynci_entityname: 'contact1',
    msdynci_alternatevalue: 'ann@contoso.com',
    msdynci_customerid: 'customer-1',
  });
  simulation.organisation.badRows.set(guidOf('c', 5), 'A business rule forbids it.');
  return simulation;
}

/**
 * Two unification events, each played to its end: a first pass with a profile that arrives late; then a merge, a split,
 * a new row whose profile is late, a row that left unification, one that was deleted.
 */
export async function playTwoEvents(simulation: Simulation): Promise<void> {
  simulation.post({ eventId: 'first' });
  simulation.clock.after(7 * minute, () => addProfile(simulation, 9));
  await simulation.run();

  simulation.clock.advance(60 * minute);
  addProfile(simulation, 20);
  mapTo(simulation, { kind: 'c', source: 2, profile: 1 });
  mapTo(simulation, { kind: 'c', source: 3, profile: 20 });
  mapTo(simulation, { kind: 'c', source: 13, profile: 21 });
  unmap(simulation, { kind: 'c', source: 4 });
  unmap(simulation, { kind: 'l', source: 4 });
  simulation.organisation.remove('lead', guidOf('l', 2));
  mapTo(simulation, { kind: 'l', source: 2, profile: 20 });
  simulation.post({ eventId: 'second' });
  simulation.clock.after(6 * minute, () => addProfile(simulation, 21));
  await simulation.run();
}
