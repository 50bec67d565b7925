import { beforeAll, describe, expect, it } from 'vitest';
import type { Simulation } from '../support/simulation.ts';
import { guidOf } from '../support/small-organisation.ts';
import { endOf, historyOf, linkStateOf, recordsOf, redundantWrites } from '../support/state-of.ts';
import { beforeTwoEvents, playTwoEvents } from '../support/two-events.ts';
import type { Fault } from '../support/worker.ts';

/** Plays both events; the process that does step `at` dies right before or right after it. */
async function playWithDeath(at: number, kind: 'die before' | 'die after'): Promise<Simulation> {
  const simulation = beforeTwoEvents();
  simulation.world.faultAt = (step): Fault | undefined => (step === at ? { kind } : undefined);
  await playTwoEvents(simulation);
  return simulation;
}

describe('a process that dies', () => {
  let undisturbed: Simulation;
  beforeAll(async () => {
    undisturbed = beforeTwoEvents();
    await playTwoEvents(undisturbed);
  });

  it('I1 I3 I6 has nobody miss it where nothing happens: every link is right, nothing is written in vain', () => {
    const { organisation } = undisturbed;
    const links = organisation.links('contact');
    const expected = new Map<number, number>([
      [1, 1],
      [2, 1],
      [3, 20],
      [6, 6],
      [7, 7],
      [8, 8],
      [9, 9],
      [10, 10],
      [12, 1],
      [13, 21],
    ]);
    expect(links).toEqual(
      new Map([...expected].map(([contact, profile]) => [guidOf('c', contact), guidOf('p', profile)])),
    );
    expect([...organisation.links('lead').keys()]).toEqual([guidOf('l', 1), guidOf('l', 3)]);
    expect(redundantWrites(undisturbed)).toBe(0);
    expect(undisturbed.watches).toBe(0);
    expect(undisturbed.errors).toEqual([]);
    console.log(
      undisturbed.world.steps,
      undisturbed.deliveries,
      endOf(undisturbed).runs,
      endOf(undisturbed).tables.map((t) => t.pending),
      recordsOf(undisturbed).tasks.map((t) => [t.table, t.counters, t.details]),
      linkStateOf(undisturbed, 'contact'),
    );
  });

  for (const kind of ['die before', 'die after'] as const) {
    it(`I2 I4 I5 costs nothing, whichever step it should ${kind}: the end is the same`, async () => {
      const expected = { end: endOf(undisturbed), history: historyOf(undisturbed) };
      let redundant = 0;
      let watches = 0;
      for (let step = 1; step <= undisturbed.world.steps; step++) {
        const simulation = await playWithDeath(step, kind);
        expect({ end: endOf(simulation), history: historyOf(simulation) }, `step ${step}`).toEqual(expected);
        expect(simulation.errors, `step ${step}`).toEqual([]);
        redundant += redundantWrites(simulation);
        watches += simulation.watches;
      }
      expect(redundant).toBe(0);
      console.log(kind, undisturbed.world.steps, redundant, watches);
    });
  }
});
