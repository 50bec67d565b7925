import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assessWide } from '../support/wide-play.ts';
import { wideScenarioArbitrary } from '../support/wide-scenario.ts';

it('I10 I11 I13 hold in 10,000 random histories of a world to which everything happens', async () => {
  // Where it decides whether a change may land, a build says what it said before; by hand, histories never played.
  const seed = process.env.CI ? 20_261_128 : Date.now() % 2 ** 31;
  console.log(`Seed ${seed}`);
  const outcome = await fc.check(fc.asyncProperty(wideScenarioArbitrary(), assessWide), {
    numRuns: 10_000,
    seed,
    endOnFailure: true,
  });
  expect(outcome.failed ? fc.defaultReportMessage(outcome) : 'none failed').toBe('none failed');
}, 2_400_000);
