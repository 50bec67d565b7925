import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateOrganisation } from '../../local/sample/generator.ts';
import type { Organisation } from '../../local/sample/organisation.ts';
import { type SecondUnification, secondUnification } from '../../local/sample/second-unification.ts';
import { contentsOf, expectConsistent, linksByMap } from './organisation-laws.ts';

/** What Dataverse holds once the changes are applied. */
function contentsAfter(organisation: Organisation, { changes }: SecondUnification) {
  const contents = contentsOf(organisation);
  for (const { logicalName, primaryId } of organisation.tables)
    for (const change of changes.get(logicalName) ?? []) {
      const rows = contents.get(logicalName);
      if ('$delete' in change) expect(rows?.delete(String(change.$delete)), 'deletes what is there').toBe(true);
      else rows?.set(String(change[primaryId]), change);
    }
  return contents;
}

describe('the second unification', () => {
  it('leaves an organisation that agrees with its truth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.integer(), (rows, seed) => {
        const organisation = generateOrganisation({ rows, seed });

        const second = secondUnification(organisation);

        expectConsistent({ ...organisation, truth: second.truth }, contentsAfter(organisation, second));
      }),
      { numRuns: 12 },
    );
  });

  it('expects exactly the links that the two maps differ in', () => {
    const organisation = generateOrganisation({ rows: 3_000, seed: 4 });
    const second = secondUnification(organisation);

    const before = contentsOf(organisation);
    const after = contentsAfter(organisation, second);

    for (const { table } of organisation.sourceTables) {
      const old = new Map(linksByMap(organisation, before, table).map(({ id, profileId }) => [id, profileId]));
      const next = new Map(linksByMap(organisation, after, table).map(({ id, profileId }) => [id, profileId]));
      const changed = [...next].filter(([id, profileId]) => profileId !== (old.get(id) ?? null));
      expect(second.expected.get(table)).toEqual({
        linked: changed.filter(([id]) => (old.get(id) ?? null) === null).length,
        relinked: changed.filter(([id, profileId]) => (old.get(id) ?? null) !== null && profileId !== null).length,
        cleared: changed.filter(([, profileId]) => profileId === null).length,
        gone: [...old.keys()].filter((id) => !next.has(id)).length,
      });
    }
  });

  it('has something of every kind from a hundred rows on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 2_000 }), fc.integer(), (rows, seed) => {
        const { expected } = secondUnification(generateOrganisation({ rows, seed }));

        const sum = (kind: 'linked' | 'relinked' | 'cleared' | 'gone') =>
          [...expected.values()].reduce((total, counts) => total + counts[kind], 0);

        for (const kind of ['linked', 'relinked', 'cleared', 'gone'] as const)
          expect(sum(kind), kind).toBeGreaterThan(0);
      }),
      { numRuns: 25 },
    );
  });

  it('merges, splits and adds customers', () => {
    const organisation = generateOrganisation({ rows: 1_000, seed: 4 });
    const { changes } = secondUnification(organisation);
    const profilesBefore = contentsOf(organisation).get('msdynci_customerprofile');

    const profiles = changes.get('msdynci_customerprofile') ?? [];
    const written = profiles.filter((change) => !('$delete' in change));
    const isNew = (id: unknown) => profilesBefore?.has(String(id)) === false;
    const cameFromAnother = written.filter(
      (row) => 'msdynci_previouscustomerid' in row && row.msdynci_previouscustomerid,
    );

    expect(profiles.some((change) => '$delete' in change)).toBe(true);
    expect(
      cameFromAnother.some((row) => 'msdynci_customerprofileid' in row && isNew(row.msdynci_customerprofileid)),
    ).toBe(true);
    expect(
      cameFromAnother.some((row) => 'msdynci_customerprofileid' in row && !isNew(row.msdynci_customerprofileid)),
    ).toBe(true);
  });

  it('is small, and changes no source row that stays', () => {
    const organisation = generateOrganisation({ rows: 20_000, seed: 4 });
    const { changes, expected } = secondUnification(organisation);

    const links = [...expected.values()].reduce(
      (sum, { linked, relinked, cleared, gone }) => sum + linked + relinked + cleared + gone,
      0,
    );

    expect(links / 20_000).toBeGreaterThan(0.003);
    expect(links / 20_000).toBeLessThan(0.008);
    for (const { table, primaryKey } of organisation.sourceTables) {
      const before = new Set([...organisation.truth(table)].map(({ id }) => id));
      for (const change of changes.get(table) ?? [])
        if (!('$delete' in change)) expect(before.has(String(change[primaryKey]))).toBe(false);
    }
  });
});
