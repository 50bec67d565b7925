import { beforeAll, describe, expect, it } from 'vitest';
import { guardLinkStates } from '../support/link-state-transitions.ts';
import type { Simulation } from '../support/simulation.ts';
import { guidOf } from '../support/small-organisation.ts';
import { endOf, historyOf, redundantWrites } from '../support/state-of.ts';
import { beforeTwoEvents, playTwoEvents } from '../support/two-events.ts';
import type { Fault } from '../support/worker.ts';

/** Contact and the profile it must be linked to, by number, when both events are played. */
const contactLinks = [
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
] as const;

/** Plays both events; something befalls the process that does step `at`. */
async function playWith(
  at: number,
  kind: 'die before' | 'die after' | 'freeze' | 'slow' | 'slow answer',
): Promise<Simulation> {
  const simulation = beforeTwoEvents();
  guardLinkStates(simulation);
  simulation.world.faultAt = (step): Fault | undefined => (step === at ? { kind } : undefined);
  await playTwoEvents(simulation);
  return simulation;
}

describe('two unification events', () => {
  let undisturbed: Simulation;
  beforeAll(async () => {
    undisturbed = beforeTwoEvents();
    await playTwoEvents(undisturbed);
  });

  it('I1 I3 I6 undisturbed, leave every link right and write nothing in vain', () => {
    const { organisation } = undisturbed;
    const expected = contactLinks.map(([contact, profile]) => [guidOf('c', contact), guidOf('p', profile)]);
    expect([...organisation.links('contact')].sort()).toEqual(expected);
    expect([...organisation.links('lead').keys()]).toEqual([guidOf('l', 1), guidOf('l', 3)]);
    expect(endOf(undisturbed).tables.flatMap(({ pending }) => pending)).toEqual([
      `${guidOf('m', 500)} failed`,
      `${guidOf('c', 5)} failed`,
    ]);
    expect(redundantWrites(undisturbed)).toBe(0);
    expect(undisturbed.watches).toBe(0);
    expect(undisturbed.errors).toEqual([]);
  });

  it.each([
    ['a process should die before any one step', 'die before'],
    ['a process should die after any one step', 'die after'],
    ['any one step takes long', 'slow'],
    ['the answer to any one step takes long', 'slow answer'],
  ] as const)('I2 I4 I5 end the same where %s', { timeout: 300_000 }, async (_, kind) => {
    const expected = { end: endOf(undisturbed), history: historyOf(undisturbed) };
    for (let step = 1; step <= undisturbed.world.steps; step++) {
      const simulation = await playWith(step, kind);
      expect({ end: endOf(simulation), history: historyOf(simulation) }, `step ${step}`).toEqual(expected);
      expect(simulation.errors, `step ${step}`).toEqual([]);
      // What the dead process wrote is read back, not written again.
      expect(redundantWrites(simulation), `step ${step}`).toBe(0);
      expect(simulation.watches, `step ${step}`).toBe(0);
    }
  });

  it('I2 I4 I5 I6 end the same where a process is held up before any one step until its lock is lost', {
    timeout: 300_000,
  }, async () => {
    // What it keeps as pending when it goes on at last, a third run finds and lets go of.
    const playThird = async (simulation: Simulation) => {
      simulation.clock.advance(3_600_000);
      simulation.post({ eventId: 'third' });
      await simulation.run();
      return { end: endOf(simulation), history: historyOf(simulation) };
    };
    const steps = undisturbed.world.steps;
    const expected = await playThird(undisturbed);
    for (let step = 1; step <= steps; step++) {
      const simulation = await playWith(step, 'freeze');
      expect(await playThird(simulation), `step ${step}`).toEqual(expected);
      expect(simulation.errors, `step ${step}`).toEqual([]);
    }
  });
});
