import fc from 'fast-check';
import { it } from 'vitest';
import { hostileScenarioArbitrary, withstands } from '../support/hostile-scenario.ts';

it('I14 nothing that comes in stops other tables, runs or routes, in 40 hostile scenarios', async () => {
  await fc.assert(fc.asyncProperty(hostileScenarioArbitrary, withstands), { numRuns: 40 });
});
