import { beforeAll, describe, expect, it } from 'vitest';
import { describeCrashPoints } from '../support/crash-points.ts';
import type { Simulation } from '../support/simulation.ts';
import { guidOf } from '../support/small-organisation.ts';
import { endOf, redundantWrites } from '../support/state-of.ts';
import { beforeTwoEvents, playTwoEvents } from '../support/two-events.ts';

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
});

// All of them are tried with the tests that take minutes.
describeCrashPoints(12);
