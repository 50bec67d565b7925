import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { type Organisation, SampleDataError, unificationSetup } from '../../local/sample/organisation.ts';
import { unificationSetupSchema } from '../../shared/contracts/unification-setup.ts';
import { contentsOf, expectConsistent } from './organisation-laws.ts';

const everythingOf = (organisation: Organisation) =>
  organisation.tables.map(({ logicalName }) => [logicalName, [...organisation.rowsOf(logicalName)]]);
const numberOf = (rows: Iterable<unknown>) => [...rows].length;

describe('the generated organisation', () => {
  it('is the same for the same seed, each time it is read, and another for another seed', () => {
    const organisation = generateOrganisation({ rows: 300, seed: 5 });

    const everything = everythingOf(organisation);

    expect(everythingOf(organisation)).toEqual(everything);
    expect(everythingOf(generateOrganisation({ rows: 300, seed: 5 }))).toEqual(everything);
    expect(everythingOf(generateOrganisation({ rows: 300, seed: 6 }))).not.toEqual(everything);
  });

  it('has exactly the rows asked for: 40 % contacts, 30 % leads, 20 % opportunities, 10 % accounts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.integer(), (rows, seed) => {
        const organisation = generateOrganisation({ rows, seed });

        const counts = organisation.sourceTables.map(({ table }) => numberOf(organisation.rowsOf(table)));

        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows);
        for (const [at, share] of [0.4, 0.3, 0.2, 0.1].entries())
          expect(Math.abs((counts[at] ?? 0) - rows * share)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });

  it('agrees with itself: truth, map, profiles, references and metadata', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer(), (rows, seed) => {
        const organisation = generateOrganisation({ rows, seed });

        expectConsistent(organisation, contentsOf(organisation));
      }),
      { numRuns: 15 },
    );
  });

  it('has no id twice', () => {
    const organisation = generateOrganisation({ rows: 5_000, seed: 1 });

    for (const { logicalName, primaryId } of organisation.tables) {
      const ids = [...organisation.rowsOf(logicalName)].map((row) => row[primaryId]);
      expect(new Set(ids).size, logicalName).toBe(ids.length);
    }
  });

  it('gives a person one to four rows, some of them several in one table', () => {
    const { population } = generateOrganisation({ rows: 4_000, seed: 2 });
    const people = Array.from({ length: population.blockCount }, (_, index) => population.block(index)).flat();

    const sizes = new Set(people.map(({ records }) => records.length));

    expect([...sizes].sort()).toEqual([1, 2, 3, 4]);
    expect(people.some(({ records }) => records.filter(({ table }) => table === 'contact').length > 1)).toBe(true);
    expect(new Set(people.map(({ key }) => key)).size).toBe(people.length);
  });

  it('leaves some rows of every table without a profile, but only a few', () => {
    const organisation = generateOrganisation({ rows: 4_000, seed: 2 });

    for (const { table } of organisation.sourceTables) {
      const links = [...organisation.truth(table)];
      const unlinked = links.filter(({ profileId }) => profileId === null).length / links.length;
      expect(unlinked, table).toBeGreaterThan(0);
      expect(unlinked, table).toBeLessThan(0.06);
    }
  });

  it('writes keys in every form that a GUID may come in, most of them plainly', () => {
    const organisation = generateOrganisation({ rows: 4_000, seed: 2 });

    const values = [...organisation.rowsOf('msdynci_alternatekey')]
      .filter((row) => row.msdynci_datasourcename === 'crm')
      .map((row) => String(row.msdynci_alternatevalue));
    const share = (pattern: RegExp) => values.filter((value) => pattern.test(value)).length / values.length;

    expect(share(/^[0-9a-f-]{36}$/)).toBeGreaterThan(0.75);
    for (const form of [/^[0-9A-F-]*[A-F][0-9A-F-]*$/, /^\{[0-9A-F-]{36}\}$/, /^[0-9a-f]{32}$/, /^ /, / $/])
      expect(share(form), String(form)).toBeGreaterThan(0.01);
  });

  it('has keys of a source that is not in Dataverse, which no source table knows', () => {
    const organisation = generateOrganisation({ rows: 1_000, seed: 2 });

    const foreign = [...organisation.rowsOf('msdynci_alternatekey')].filter(
      (row) => row.msdynci_datasourcename !== 'crm',
    );

    expect(foreign.length).toBeGreaterThan(0);
    expect(organisation.sourceTables.every(({ dataSource }) => dataSource === 'crm')).toBe(true);
  });

  it('copies data with typos: duplicates of a person resemble each other without being equal', () => {
    const organisation = generateOrganisation({ rows: 2_000, seed: 9 });
    const rows = [...organisation.rowsOf('contact'), ...organisation.rowsOf('lead')];
    const profileOf = new Map(
      [...organisation.truth('contact'), ...organisation.truth('lead')].map(({ id, profileId }) => [id, profileId]),
    );

    const spellings = new Map<string, Set<string>>();
    for (const row of rows) {
      const profile = profileOf.get(String(row.contactid ?? row.leadid));
      if (profile) spellings.set(profile, (spellings.get(profile) ?? new Set()).add(String(row.fullname)));
    }

    const duplicated = [...spellings.values()];
    expect(duplicated.some((names) => names.size > 1)).toBe(true);
    expect(duplicated.some((names) => names.size === 1)).toBe(true);
  });

  it('begins at once, however large it is', () => {
    const organisation = generateOrganisation({ rows: 50_000_000, seed: 1 });

    for (const { logicalName } of organisation.tables) {
      const first = organisation.rowsOf(logicalName)[Symbol.iterator]().next();
      expect(first.done, logicalName).toBe(false);
    }
  });

  it('goes with a unification set-up that the app accepts', () => {
    const setup = unificationSetup(generateOrganisation({ rows: 10, seed: 1 }));

    expect(unificationSetupSchema.parse(setup).tables.map(({ table }) => table)).toEqual([
      'contact',
      'lead',
      'opportunity',
      'account',
    ]);
  });

  it.each([0, -1, 1.5, Number.NaN, 60_000_000])('refuses %s rows', (rows) => {
    expect(() => generateOrganisation({ rows, seed: 1 })).toThrow(SampleDataError);
  });
});
