import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MapEntry } from '../../shared/customer-insights/map-row.ts';
import { holdsOf } from '../../shared/linking/brakes.ts';
import { decide } from '../../shared/linking/compare.ts';
import { emptyTally } from '../../shared/linking/tally.ts';

const entry: MapEntry = { mapRowId: 'm', sourceId: 's', customerId: 'c', profileId: 'p', version: 1, changedOn: '' };

describe('what happens to a row', () => {
  it.each([
    ['link', 'it has no link', 'p', { profileId: undefined }],
    ['relink', 'its link leads elsewhere', 'p', { profileId: 'q' }],
    ['link', 'its link names the right profile and leads nowhere', 'p', { profileId: 'p', leadsNowhere: true }],
    ['unchanged', 'I3 its link is right already', 'p', { profileId: 'p' }],
    ['waiting', 'its profile has not arrived', undefined, { profileId: undefined }],
    ['waiting', 'its profile has not arrived, so that it keeps the link it has', undefined, { profileId: 'q' }],
    ['gone', 'it does not exist', 'p', undefined],
    ['gone', 'neither it nor its profile exists', undefined, undefined],
  ] as const)('is "%s" where %s', (kind, _, profileId, current) => {
    expect(decide({ entry, awaited: undefined }, profileId, current)).toMatchObject({ kind, entry });
  });

  it('I3 is a write only where the value differs', () => {
    const id = fc.option(fc.constantFrom('p', 'q'), { nil: undefined });
    fc.assert(
      fc.property(id, id, (profileId, linked) => {
        const { kind } = decide({ entry, awaited: undefined }, profileId, { profileId: linked });
        expect(kind === 'link' || kind === 'relink').toBe(profileId !== undefined && profileId !== linked);
      }),
    );
  });
});

describe('the safety limit of a walk', () => {
  it.each([
    [10, 10, 0, false],
    [11, 100, 11, false],
    [12, 100, 11, true],
    [11, 11, 100, false],
    [11, 1_000_000, 0, true],
    [50_000, 1_000_000, 5, false],
    [50_001, 1_000_000, 5, true],
  ])('%i orphans of %i linked rows at %i %% exceed it: %s', (orphans, linkedRows, percent, isExceeded) => {
    const limits = { orphanLimitPercent: percent, moveLimitPercent: 100, profileLimitPercent: 100 };
    const given = { table: 'contact', linkedRows, limits, before: undefined, now: new Date(0).toISOString() };
    expect(holdsOf({ ...emptyTally, clears: orphans }, given).length > 0).toBe(isExceeded);
  });
});
