import { describe, expect, it } from 'vitest';
import type { Simulation } from '../support/simulation.ts';
import { addProfile, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { taskOf } from '../support/state-of.ts';

/** One task message is worked on by two processes at once, and whoever does step `death` dies. */
async function playTwice(death: number): Promise<Simulation> {
  const simulation = smallOrganisation({ contacts: 8, leads: 0 });
  for (let number = 1; number <= 8; number++) {
    addProfile(simulation, number);
    mapTo(simulation, { kind: 'c', source: number, profile: number });
  }
  simulation.deliveryFault = (delivery) => (delivery === 2 ? 'two at once' : undefined);
  simulation.world.faultAt = (step) => (step === death ? { kind: 'die before' } : undefined);
  const runId = simulation.post({ eventId: 'first', tables: ['contact'] });
  await simulation.run();
  expect(taskOf(simulation, runId, 'contact').status, `death at step ${death}`).toBe('Successful');
  return simulation;
}

describe('two processes at work on one message', () => {
  it('I2 I4 never lose it, though one of them gives way and the other dies', async () => {
    const { world } = await playTwice(0);
    const { steps } = world;
    for (let death = 1; death <= steps; death++) {
      const simulation = await playTwice(death);
      expect(simulation.organisation.links('contact').size).toBe(8);
      // The work goes on by itself, before the watch over runs misses it.
      expect(simulation.watches, `death at step ${death}`).toBe(0);
    }
  });
});
