import type { Simulation } from '../support/simulation.ts';
import { addProfile, mapTo, smallOrganisation } from '../support/small-organisation.ts';

/** Contacts that the map names, each with a profile of its own, and an event that is still in its queue. */
export function contacts(count: number): { simulation: Simulation; runId: string } {
  const simulation = smallOrganisation({ contacts: count, leads: 0 });
  for (let number = 1; number <= count; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  return { simulation, runId: simulation.post({ eventId: 'event', tables: ['contact'] }) };
}

/** Loses every message to link a table that is sent from now on, as if the process had died before it sent it. */
export function loseTasks(simulation: Simulation): { stop(): void } {
  const { broker } = simulation;
  const send = broker.send.bind(broker);
  broker.send = (queue, ...more) => {
    if (queue !== 'link-tasks') send(queue, ...more);
  };
  return {
    stop: () => {
      broker.send = send;
    },
  };
}
