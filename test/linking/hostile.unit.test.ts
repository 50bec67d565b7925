import fc from 'fast-check';
import { it } from 'vitest';
import { hostileScenarioArbitrary, withstands } from '../support/hostile-scenario.ts';

/** Always the same scenarios, so that a build says of a change what it said before; many more run in `test:long`. */
const seed = 20_261_127;

it('I14 nothing that comes in stops other tables, runs or routes, in 40 hostile scenarios', async () => {
  await fc.assert(fc.asyncProperty(hostileScenarioArbitrary, withstands), { numRuns: 40, seed });
});
