import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeToken } from '../../local/dataverse/security/token.ts';
import { businessUnits, keepUnitsApart } from '../../local/sample/business-units.ts';
import { callStandIn, loadRows, putApplicationUser } from '../../local/sample/control-plane.ts';
import type { UnificationSetup } from '../../shared/contracts/unification-setup.ts';
import { checkBusinessUnits } from '../../shared/inspect/check-business-units.ts';
import type { HeldPrivileges } from '../../shared/inspect/identity.ts';
import type { Check } from '../../shared/inspect/report.ts';
import { clientId, type InsightOrganisation, startInsight } from './insight-organisation.ts';

const administrator = '33333333-2222-4333-8444-555555555555';
const roleIds = {
  read: '00000000-0000-4000-8000-000000000201',
  marketing: '00000000-0000-4000-8000-000000000202',
} as const;
const [north, south, west] = businessUnits;
const mapped = (unit: { readonly name: string }) => ({ businessUnit: unit.name, team: `${unit.name} customers` });

describe('the checks of business units', () => {
  let insight: InsightOrganisation;
  beforeAll(async () => {
    insight = await startInsight({ rows: 20 });
    const { url, organisation } = insight;
    await keepUnitsApart(url, organisation);
    await putApplicationUser(url, administrator, 'all');
    await putApplicationUser(url, clientId, [
      'prvReadBusinessUnit',
      'prvReadTeam',
      'prvReadRole',
      'prvReadOrganization',
    ]);
    await loadRows(url, 'role', [
      { roleid: roleIds.read, name: 'Customer Insights Data Read Access' },
      { roleid: roleIds.marketing, name: 'Marketing Professional (BU level)' },
    ]);
    await grant(north.teamId, roleIds.read);
    await grant(north.teamId, roleIds.marketing);
    await grant(south.teamId, roleIds.read);
  });
  afterAll(() => insight.close());

  async function grant(teamId: string, roleId: string): Promise<void> {
    const api = `${insight.url}/api/data/v9.2`;
    const response = await callStandIn(insight.url, `/api/data/v9.2/teams(${teamId})/teamroles_association/$ref`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${writeToken(administrator, insight.url, Date.now() + 60_000)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ '@odata.id': `${api}/roles(${roleId})` }),
    });
    await response.arrayBuffer();
  }
  const check = (
    teams: NonNullable<NonNullable<UnificationSetup['businessUnits']>['teams']>,
    privileges: HeldPrivileges = new Map([
      ['prvactonbehalfofanotheruser', { depth: 'Global', unitId: '', isEverywhere: true, mayReachFurther: false }],
    ]),
  ): Promise<Check[]> => {
    const identity = { name: 'app', userId: undefined, privileges, securedColumns: undefined };
    return checkBusinessUnits(insight.dataverse, { teams }, [identity], AbortSignal.timeout(10_000));
  };

  it('find nothing wrong with a team that has its roles, however its name is written', async () => {
    const { businessUnit, team } = mapped(north);

    expect(await check([{ businessUnit: businessUnit.toUpperCase(), team }])).toEqual([
      { code: 'team', level: 'good', subject: team, finding: expect.any(String) },
    ]);
  });

  it.each([
    ['a unit that is not there', [{ businessUnit: 'East', team: 'East customers' }], ['unit-missing'], /North, South/],
    ['a team that is not there', [{ businessUnit: 'North', team: "O'Hara's" }], ['team-missing'], /O'Hara's/],
    ['a team of another unit', [{ businessUnit: 'North', team: 'South customers' }], ['team-missing'], /South/],
    [
      'a second team of a unit',
      [mapped(north), { ...mapped(north), team: 'More' }],
      ['team', 'one-team-per-unit'],
      /More/,
    ],
    ['a team without one role', [mapped(south)], ['team-role'], /Marketing Professional \(BU level\)/],
    ['a team without any role', [mapped(west)], ['team-role', 'team-role'], /Data Read Access/],
  ])('find %s, with a remedy', async (_, teams, codes, words) => {
    const found = await check(teams);

    expect(found.map(({ code }) => code)).toEqual(codes);
    expect(found.map((one) => one.finding).join(' ')).toMatch(words);
    for (const { level, remedy } of found) if (level !== 'good') expect(remedy).toMatch(/\.$/);
  });

  it('find a disabled unit and a team that owns nothing', async () => {
    const { url } = insight;
    await loadRows(url, 'businessunit', [{ businessunitid: north.id, isdisabled: true }]);
    await loadRows(url, 'team', [{ teamid: north.teamId, teamtype: 1 }]);

    const found = await check([mapped(north)]);

    await loadRows(url, 'businessunit', [{ businessunitid: north.id, isdisabled: false }]);
    await loadRows(url, 'team', [{ teamid: north.teamId, teamtype: 0 }]);
    expect(found.map(({ code, level }) => `${level} ${code}`)).toEqual(['fault unit-disabled', 'fault team-kind']);
  });

  it('find modernised business units', async () => {
    const { url } = insight;
    const [row] = (
      await insight.dataverse.readPage({
        entitySetName: 'organizations',
        select: ['organizationid'],
        pageSize: 1,
      })
    ).rows;
    const set = (value: boolean) =>
      loadRows(url, 'organization', [
        {
          organizationid: String(row?.organizationid),
          orgdborgsettings: `<OrgSettings><EnableOwnershipAcrossBusinessUnits>${value}</EnableOwnershipAcrossBusinessUnits></OrgSettings>`,
        },
      ]);

    await set(true);
    const on = await check([]);
    await set(false);
    const off = await check([]);

    expect(on.map(({ code, level }) => `${level} ${code}`)).toEqual(['warning modernised-units']);
    expect(off).toEqual([]);
  });

  it('find that the app may not ask in a person’s name', async () => {
    expect(await check([], new Map())).toEqual([
      expect.objectContaining({
        code: 'act-for-others',
        level: 'warning',
        remedy: expect.stringContaining('Delegate'),
      }),
    ]);
  });

  it('say so where units and teams may not be read', async () => {
    await putApplicationUser(insight.url, clientId, ['prvReadOrganization']);

    const found = await check([mapped(north)]);

    expect(found).toEqual([
      expect.objectContaining({ code: 'units-unknown', level: 'note', remedy: expect.any(String) }),
    ]);
  });
});
