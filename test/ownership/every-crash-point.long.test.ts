import { beforeAll, describe, expect, it } from 'vitest';
import { ownersOf } from '../support/owned-organisation.ts';
import type { Simulation } from '../support/simulation.ts';
import { historyOf, redundantWrites } from '../support/state-of.ts';
import type { Fault } from '../support/worker.ts';
import { beforeOwners, endOfOwners, ownersAtTheEnd, playOwners, scenarioTables } from './owners-scenario.ts';

/** Plays the scenario; the process that does step `at` dies right before or right after it, or is held up before it. */
async function playWith(at: number, kind: 'die before' | 'die after' | 'freeze'): Promise<Simulation> {
  const simulation = beforeOwners();
  simulation.world.faultAt = (step): Fault | undefined => (step === at ? { kind } : undefined);
  await playOwners(simulation);
  return simulation;
}

describe('owners through a rehearsal, a confirmed run and a unification', () => {
  let undisturbed: Simulation;
  /** Steps before the last run, which is played in peace. */
  let steps = 0;
  beforeAll(async () => {
    undisturbed = beforeOwners();
    undisturbed.world.faultAt = (step) => {
      steps = step;
      return undefined;
    };
    await playOwners(undisturbed);
  });

  it('I1 I3 I6 are right undisturbed, and nothing is written in vain', () => {
    for (const [table, owners] of ownersAtTheEnd()) expect(ownersOf(undisturbed, table), table).toEqual(owners);
    expect(undisturbed.organisation.writes.flatMap(({ columns }) => columns)).toEqual(
      undisturbed.organisation.writes.map(() => 'ownerid'),
    );
    expect(redundantWrites(undisturbed)).toBe(0);
    expect(undisturbed.watches).toBe(0);
    expect(undisturbed.errors).toEqual([]);
  });

  for (const kind of ['die before', 'die after'] as const) {
    it(`I2 I4 I5 end the same where a process should ${kind} any one step`, { timeout: 300_000 }, async () => {
      const expected = { end: endOfOwners(undisturbed), history: historyOf(undisturbed) };
      for (let step = 1; step <= steps; step++) {
        const simulation = await playWith(step, kind);
        expect({ end: endOfOwners(simulation), history: historyOf(simulation) }, `step ${step}`).toEqual(expected);
        expect(simulation.errors, `step ${step}`).toEqual([]);
        expect(redundantWrites(simulation), `step ${step}`).toBe(0);
        expect(simulation.watches, `step ${step}`).toBe(0);
      }
    });
  }

  it('I2 I4 I5 I6 end the same where a process is held up before any one step until its lock is lost', {
    timeout: 300_000,
  }, async () => {
    for (let step = 1; step <= steps; step++) {
      const simulation = await playWith(step, 'freeze');
      for (const table of scenarioTables) {
        expect(ownersOf(simulation, table), `step ${step} ${table}`).toEqual(ownersAtTheEnd().get(table));
      }
      expect(simulation.errors, `step ${step}`).toEqual([]);
    }
  });
});
