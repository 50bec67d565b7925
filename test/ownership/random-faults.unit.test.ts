import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetryableError } from '../../shared/errors.ts';
import { ownersOf } from '../support/owned-organisation.ts';
import type { Fault } from '../support/worker.ts';
import { beforeOwners, ownersAtTheEnd, playOwners, scenarioTables } from './owners-scenario.ts';

const faultArbitrary = fc.record({
  step: fc.integer({ min: 1, max: 420 }),
  kind: fc.constantFrom('die before', 'die after', 'throttled', 'timed out', 'done twice', 'freeze'),
});

const scenarioArbitrary = fc.record({
  feed: fc.constantFrom('changeTracking' as const, 'modified' as const),
  pageSize: fc.integer({ min: 2, max: 5 }),
  sliceMs: fc.integer({ min: 450, max: 3_000 }),
  faults: fc.uniqueArray(faultArbitrary, { maxLength: 6, selector: ({ step }) => step }),
  deliveries: fc.array(
    fc.record({
      delivery: fc.integer({ min: 1, max: 16 }),
      fault: fc.constantFrom('delivered again' as const, 'two at once' as const),
    }),
    { maxLength: 2 },
  ),
});

const faultOf = (kind: string): Fault => {
  if (kind === 'throttled') return { kind: 'error before', error: new RetryableError('429', { retryAfterMs: 7_000 }) };
  if (kind === 'timed out') return { kind: 'error after', error: new RetryableError('No answer.') };
  return { kind: kind as 'die before' | 'die after' | 'done twice' | 'freeze' };
};

describe('owners that many things befall', () => {
  it('I1 I2 I4 I5 I6 are right in the end, in 150 random scenarios', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scenarioArbitrary, async ({ feed, pageSize, sliceMs, faults, deliveries }) => {
        const simulation = beforeOwners();
        Object.assign(simulation.options, { pageSize, sliceMs });
        if (feed === 'modified') {
          for (const table of scenarioTables) simulation.organisation.alterTable(table, { changeTracking: false });
        }
        const kinds = new Map(faults.map(({ step, kind }) => [step, kind]));
        simulation.world.faultAt = (step, at) => {
          const kind = kinds.get(step);
          // Completing a message is not tried again by itself.
          const isMoot = kind === undefined || (at === 'complete' && (kind === 'done twice' || kind === 'freeze'));
          return isMoot ? undefined : faultOf(kind);
        };
        simulation.deliveryFault = (delivery) => deliveries.find((one) => one.delivery === delivery)?.fault;

        await playOwners(simulation);

        for (const table of scenarioTables) {
          expect(ownersOf(simulation, table), table).toEqual(ownersAtTheEnd().get(table));
        }
        expect(simulation.errors).toEqual([]);
        expect(new Set(simulation.organisation.writes.flatMap(({ columns }) => columns))).toEqual(new Set(['ownerid']));
      }),
      { numRuns: 150, seed: 20261122 },
    );
  });
});
