import fc from 'fast-check';
import { describe, it } from 'vitest';
import { assessWide } from '../support/wide-play.ts';
import { wideScenarioArbitrary } from '../support/wide-scenario.ts';

/** Always the same histories, so that a build says of a change what it said before; many more run in `test:long`. */
const seed = 20_261_127;

describe('an organisation to which everything happens', () => {
  it('I10 I11 I13 has every link right whenever a run says so, in 500 random histories', async () => {
    await fc.assert(fc.asyncProperty(wideScenarioArbitrary(), assessWide), { numRuns: 500, seed });
  }, 600_000);
});
