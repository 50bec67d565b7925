import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeToken } from '../../local/dataverse/security/token.ts';
import { businessUnits, keepUnitsApart } from '../../local/sample/business-units.ts';
import { callStandIn, loadRows, putApplicationUser } from '../../local/sample/control-plane.ts';
import { linkingPrivileges } from '../../local/sample/load.ts';
import { type DoctorReport, doctorReportSchema } from '../../shared/contracts/doctor-report.ts';
import { type SampleApp, startSampleApp } from './sample-organisation.ts';
import { post } from './sample-stack.ts';

const administrator = '33333333-2222-4333-8444-555555555555';
const [north, south, west] = businessUnits;
const roles = ['Customer Insights Data Read Access', 'Marketing Professional (BU level)'].map((name, index) => ({
  roleid: `00000000-0000-4000-8000-00000000020${index}`,
  name,
}));

describe('checks of an app that keeps business units apart', () => {
  let app: SampleApp;
  let checks: DoctorReport['checks'];
  const callDoctor = async () =>
    doctorReportSchema.parse(await (await post(app.stack, '/api/doctor', {})).json()).checks;

  /** Gives a team a role, as an administrator. */
  async function grant(teamId: string, roleId: string): Promise<void> {
    const { dataverseUrl } = app.stack;
    const response = await callStandIn(dataverseUrl, `/api/data/v9.2/teams(${teamId})/teamroles_association/$ref`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${writeToken(administrator, dataverseUrl, Date.now() + 60_000)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ '@odata.id': `${dataverseUrl}/api/data/v9.2/roles(${roleId})` }),
    });
    await response.arrayBuffer();
  }

  beforeAll(async () => {
    app = await startSampleApp({
      rows: 50,
      change: (setup) => ({
        ...setup,
        businessUnits: {
          teams: [
            { businessUnit: 'North', team: 'North customers' },
            { businessUnit: 'North', team: 'More customers' },
            { businessUnit: 'South', team: 'Nobody' },
            { businessUnit: 'West', team: 'West customers' },
            { businessUnit: 'East', team: 'East customers' },
          ],
        },
      }),
    });
    const { dataverseUrl } = app.stack;
    await putApplicationUser(dataverseUrl, administrator, 'all');
    await keepUnitsApart(dataverseUrl, app.organisation);
    await loadRows(dataverseUrl, 'role', roles);
    for (const { roleid } of roles) await grant(north.teamId, roleid);
    await loadRows(dataverseUrl, 'businessunit', [{ businessunitid: west.id, isdisabled: true }]);
    await loadRows(dataverseUrl, 'team', [{ teamid: west.teamId, teamtype: 1 }]);
    const organisations = '/api/data/v9.2/organizations?$select=organizationid';
    const token = writeToken(administrator, dataverseUrl, Date.now() + 60_000);
    const answer = await callStandIn(dataverseUrl, organisations, { headers: { authorization: `Bearer ${token}` } });
    const { value } = (await answer.json()) as { value: { organizationid: string }[] };
    const orgdborgsettings =
      '<OrgSettings><EnableOwnershipAcrossBusinessUnits>true</EnableOwnershipAcrossBusinessUnits></OrgSettings>';
    await loadRows(dataverseUrl, 'organization', [
      { organizationid: value[0]?.organizationid ?? '', orgdborgsettings },
    ]);
    const enough = linkingPrivileges(app.organisation);
    const units = ['BusinessUnit', 'Team', 'Role', 'Organization'].map((name) => `prvRead${name}`);
    await app.allow([...enough, 'prvReadUser', 'prvReadSystemUser', 'prvReadsystemuser', ...units]);
    checks = await callDoctor();
  });
  afterAll(async () => {
    await app?.stack.stop();
  });

  it.each([
    ['team', `${north.name} customers`, 'good'],
    ['one-team-per-unit', north.name, 'fault'],
    ['team-missing', south.name, 'fault'],
    ['unit-disabled', west.name, 'fault'],
    ['team-kind', `${west.name} customers`, 'fault'],
    ['team-role', `${west.name} customers`, 'fault'],
    ['unit-missing', 'East', 'fault'],
    ['modernised-units', 'business units', 'warning'],
    ['act-for-others', undefined, 'warning'],
  ])('find %s', (code, subject, level) => {
    const check = checks.find((one) => one.code === code && (subject === undefined || one.subject === subject));
    expect(check).toMatchObject({ level });
    if (level !== 'good') expect(check?.remedy).toMatch(/\.$/);
  });

  it('find that units and teams cannot be read, as units-unknown', async () => {
    await app.allow(linkingPrivileges(app.organisation));
    expect((await callDoctor()).find(({ code }) => code === 'units-unknown')).toMatchObject({
      level: 'note',
      remedy: expect.stringMatching(/\.$/),
    });
  });
});
