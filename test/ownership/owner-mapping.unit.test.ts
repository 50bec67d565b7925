import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unificationSetupSchema } from '../../shared/contracts/unification-setup.ts';
import { createMapping } from '../../shared/ownership/owner-mapping.ts';
import { ownedSetup } from '../support/owned-organisation.ts';

const root = { businessUnit: 'Root', unitId: 'u0', team: 'Root', teamId: 't0' };
const teamOf = (index: number, values: readonly string[]) => ({
  businessUnit: `Unit ${index}`,
  unitId: `u${index + 1}`,
  team: `Team ${index}`,
  teamId: `t${index + 1}`,
  values,
});
const text = fc.string({ minLength: 1, maxLength: 8 }).filter((value) => value.trim() !== '');
/** Up to five teams; no value twice, however it is written. */
const teamsArbitrary = fc
  .uniqueArray(text, { maxLength: 15, selector: (value) => value.trim().toLowerCase() })
  .map((values) =>
    [0, 1, 2, 3, 4].map((index) =>
      teamOf(
        index,
        values.filter((_, at) => at % 5 === index),
      ),
    ),
  );

describe('the mapping from values to teams', () => {
  it('gives every value to the team that names it, whatever its case and the blanks around it', () => {
    fc.assert(
      fc.property(teamsArbitrary, fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 }), (teams, blanks) => {
        const mapping = createMapping('c', teams, root);
        for (const team of teams) {
          for (const value of team.values) {
            expect(mapping.ownerOf(`${blanks}${value.toLowerCase()}${blanks}`).teamId).toBe(team.teamId);
            expect(mapping.isUnmatched(value)).toBe(false);
          }
        }
      }),
    );
  });

  it('gives everything else to the root unit, and tells an unknown value from none', () => {
    fc.assert(
      fc.property(teamsArbitrary, fc.oneof(text, fc.integer(), fc.boolean()), (teams, value) => {
        const known = teams.flatMap(({ values }) => values.map((one) => one.trim().toLowerCase()));
        fc.pre(!known.includes(String(value).trim().toLowerCase()));
        const mapping = createMapping('c', teams, root);
        expect(mapping.ownerOf(value)).toBe(root);
        expect(mapping.isUnmatched(value)).toBe(true);
        for (const nothing of [null, undefined, '', '  ']) {
          expect(mapping.ownerOf(nothing)).toBe(root);
          expect(mapping.isUnmatched(nothing)).toBe(false);
        }
      }),
    );
  });

  it('has another fingerprint as soon as anything may get another owner, and no sooner', () => {
    const [north, south] = [teamOf(0, ['N']), teamOf(1, ['S', 'South'])];
    const { fingerprint } = createMapping('c', [north, south], root);
    const same = [
      createMapping('c', [south, north], root),
      createMapping('c', [north, { ...south, values: ['SOUTH', 's'], team: 'Renamed' }], root),
    ];
    const other = [
      createMapping('d', [north, south], root),
      createMapping('c', [north], root),
      createMapping(
        'c',
        [
          { ...north, values: ['S'] },
          { ...south, values: ['N', 'South'] },
        ],
        root,
      ),
      createMapping('c', [{ ...north, teamId: 't9' }, south], root),
      createMapping('c', [north, south], { ...root, teamId: 't9' }),
    ];

    for (const mapping of same) expect(mapping.fingerprint).toBe(fingerprint);
    expect(new Set([fingerprint, ...other.map((mapping) => mapping.fingerprint)]).size).toBe(6);
  });
});

describe('the set-up of ownership', () => {
  const issuesOf = (businessUnits: unknown, more: object = {}) => {
    const parsed = unificationSetupSchema.safeParse({ ...ownedSetup, ...more, businessUnits });
    return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  };
  const team = (name: string, values?: readonly string[]) => ({
    businessUnit: name,
    team: name,
    ...(values === undefined ? {} : { values }),
  });
  const ownership = { column: 'msdynci_region' };

  it('is off where it is not named', () => {
    expect(issuesOf({ teams: [team('North')] })).toEqual([]);
    expect(issuesOf({ teams: [team('North', ['N'])], ownership })).toEqual([]);
  });

  it.each([
    [
      'a value of two teams',
      { ownership, teams: [team('North', ['N']), team('South', [' n'])] },
      /belongs to North already/,
    ],
    ['a team without values', { ownership, teams: [team('North')] }, /which values of msdynci_region does North own/],
    ['no team at all', { ownership }, /needs teams with their values/],
    ['values without ownership', { teams: [team('North', ['N'])] }, /are for ownership alone/],
  ])('refuses %s, with a remedy', (_, businessUnits, words) => {
    const issues = issuesOf(businessUnits);

    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatch(words);
  });

  it('refuses a table of Customer Insights as a source', () => {
    const source = { ...ownedSetup.tables[0], table: 'msdynci_unifiedactivity' };

    expect(issuesOf(undefined, { tables: [source] })).toEqual([
      expect.stringContaining('msdynci_unifiedactivity is a table of Customer Insights itself'),
    ]);
  });
});
