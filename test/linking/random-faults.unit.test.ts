import fc from 'fast-check';
import { describe, it } from 'vitest';
import { assessScenario, scenarioArbitrary } from '../support/random-scenario.ts';

/** Always the same scenarios, so that a build says of a change what it said before; many more run in `test:long`. */
const seed = 20_261_122;

describe('runs that many things befall', () => {
  it('I1 I2 I3 I4 I5 I6 end, with every link right, in 500 random scenarios', async () => {
    await fc.assert(fc.asyncProperty(scenarioArbitrary, assessScenario), { numRuns: 500, seed });
  }, 300_000);
});
