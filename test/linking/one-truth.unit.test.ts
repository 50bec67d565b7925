import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapRowsPerSource, mostProfiles, spellings, WideWorld, wideTables } from '../support/wide-world.ts';

const mapRow = fc.record({
  source: fc.integer({ min: 1, max: wideTables.contact.rows }),
  place: fc.integer({ min: 0, max: mapRowsPerSource - 1 }),
  profile: fc.integer({ min: 1, max: mostProfiles }),
  spelling: fc.integer({ min: 0, max: spellings.length - 1 }),
  withoutLookup: fc.boolean(),
});

const given = fc.record({
  feed: fc.constantFrom('changeTracking' as const, 'modified' as const, 'scan' as const),
  mode: fc.constantFrom('incremental' as const, 'full' as const, 'reconcile' as const),
  pageSize: fc.integer({ min: 1, max: 5 }),
  there: fc.subarray([1, 2, 3, 4]),
  first: fc.array(mapRow, { minLength: 1, maxLength: 8 }),
  later: fc.array(mapRow, { maxLength: 6 }),
});

describe("a row's place in the map", () => {
  it('I10 is what its newest usable map row says whose profile exists, however keys are spelt and read', async () => {
    await fc.assert(
      fc.asyncProperty(given, async ({ feed, mode, pageSize, there, first, later }) => {
        const world = new WideWorld({ pageSize, settlingLimitMs: 0 });
        world.feed(feed);
        for (const profile of there) world.profile(profile, true);
        const write = (rows: typeof first) => {
          for (const { source, place, profile, spelling, withoutLookup } of rows)
            world.map({ table: 'contact', source, place }, profile, spelling, withoutLookup);
        };
        write(first);
        world.simulation.post({ eventId: 'first', tables: ['contact'] });
        await world.simulation.run();
        world.simulation.clock.advance(3_600_000);
        write(later);
        world.simulation.post({ eventId: 'second', tables: ['contact'], mode });
        await world.simulation.run();
        // A map row that now names no row takes the link along, once the map is quiet.
        world.simulation.clock.advance(3_600_000);
        world.simulation.post({ eventId: 'third', tables: ['contact'], mode: 'reconcile' });
        await world.simulation.run();
        expect(world.simulation.errors).toEqual([]);
        expect(world.wrongLinks('contact')).toEqual([]);
      }),
      { numRuns: 300, seed: 20_261_127 },
    );
  }, 120_000);

  it.each(['incremental', 'reconcile', 'full'] as const)(
    'I10 keeps the link of the newer map row in braces, in mode %s, when another row leaves the map',
    async (mode) => {
      const world = new WideWorld({});
      for (const profile of [1, 2]) world.profile(profile, true);
      const contact = (source: number, place = 0) => ({ table: 'contact' as const, source, place });
      world.map(contact(1, 0), 1, 0, false);
      world.map(contact(1, 1), 2, 2, false);
      world.map(contact(2), 1, 0, false);
      world.simulation.post({ eventId: 'first', tables: ['contact'] });
      await world.simulation.run();
      world.simulation.clock.advance(3_600_000);
      world.unmap(contact(2));
      world.simulation.post({ eventId: 'second', tables: ['contact'], mode });
      await world.simulation.run();
      expect(world.wrongLinks('contact')).toEqual([]);
    },
  );
});
