import { describe, expect, it } from 'vitest';
import { bulk, CLIENT, guid, linkTarget, makeOrganisation } from './support.ts';

const LINKING = [
  'prvReadContact',
  'prvWriteContact',
  'prvAppendContact',
  'prvReadmsdynci_customerprofile',
  'prvAppendTomsdynci_customerprofile',
];
const UNIT = guid(700);
const TEAM = guid(701);
const ADMINISTRATOR = guid(703);

async function withPrivileges(privileges: string[], more: object = {}) {
  const organisation = await makeOrganisation();
  await organisation.load('contact', [{ contactid: guid(1), lastname: 'Ravn', governmentid: 'secret' }]);
  await organisation.control('PUT', `application-users/${CLIENT}`, { privileges, ...more });
  const link = () => organisation.post(bulk('UpdateMultiple'), { Targets: [linkTarget(guid(1), guid(50))] });
  return { ...organisation, link };
}

describe('security', () => {
  it('D39 shows a secured column as null to whom it is not open, and lets him not write it', async () => {
    const closed = await withPrivileges(LINKING);
    const open = await withPrivileges(LINKING, { securedColumns: ['contact.governmentid'] });

    const hidden = await closed.get(`contacts(${guid(1)})?$select=governmentid`);
    const filtered = await closed.get("contacts?$filter=governmentid eq 'secret'");
    const refused = await closed.patch(`contacts(${guid(1)})`, { governmentid: 'x' });
    const shown = await open.get(`contacts(${guid(1)})?$select=governmentid`);
    const written = await open.patch(`contacts(${guid(1)})`, { governmentid: 'x' });

    expect([hidden.status, hidden.json.governmentid]).toEqual([200, null]);
    expect(filtered.json.value).toEqual([]);
    expect([refused.status, refused.json.error.code]).toEqual([403, '0x8004f507']);
    expect(refused.json.error.message).toMatch(
      /^Caller user with Id [0-9a-f-]{36} does not have update permissions to a GovernmentId secured field on entity Contact table\. The requested operation could not be completed\.$/,
    );
    expect(shown.json.governmentid).toBe('secret');
    expect(written.status).toBe(204);
  });

  it('D40 names the privilege that is missing for a link, or for reading changes', async () => {
    const missing = async (privilege: string) => {
      const { link } = await withPrivileges(LINKING.filter((one) => one !== privilege));
      const { status, json } = await link();
      return [status, /is missing (\S+) privilege/.exec(json.error.message)?.[1]];
    };

    expect((await (await withPrivileges(LINKING)).link()).status).toBe(204);
    expect(await missing('prvAppendContact')).toEqual([403, 'prvAppendContact']);
    expect(await missing('prvAppendTomsdynci_customerprofile')).toEqual([403, 'prvAppendTomsdynci_customerprofile']);
    expect(await missing('prvWriteContact')).toEqual([403, 'prvWriteContact']);
    const local = await withPrivileges(['prvReadContact/Local']);
    const tracked = await local.get('contacts?$select=lastname', { prefer: 'odata.track-changes' });
    const plain = await local.get('contacts?$select=lastname');
    expect([tracked.status, plain.status]).toEqual([403, 200]);
    expect((await (await withPrivileges([])).get('contacts?$select=lastname')).status).toBe(403);
  });

  it('D41 leaves owner and business unit alone when only the lookup is written', async () => {
    const { get, link, load, control } = await withPrivileges(LINKING);
    await load('businessunit', [{ businessunitid: UNIT, name: 'North' }]);
    await load('team', [{ teamid: TEAM, name: 'North', businessunitid: UNIT }]);
    await load('contact', [{ contactid: guid(1), ownerid: TEAM }]);
    const owner = '_ownerid_value,_owningteam_value,_owninguser_value,_owningbusinessunit_value';
    const before = await get(`contacts(${guid(1)})?$select=${owner}`);

    expect((await link()).status).toBe(204);

    const after = await get(`contacts(${guid(1)})?$select=${owner}`);
    expect(before.json).toMatchObject({
      _ownerid_value: TEAM,
      _owningteam_value: TEAM,
      _owninguser_value: null,
      _owningbusinessunit_value: UNIT,
    });
    expect({ ...after.json, '@odata.etag': '' }).toEqual({ ...before.json, '@odata.etag': '' });
    expect((await control('GET', 'stats')).json.columnsWritten.contact).toEqual({
      msdynci_lookupfield_customerprofile: 1,
    });
  });

  it('assigns rows to teams that may own them, and moves them to the owner’s unit', async () => {
    const { patch, post, get, load } = await makeOrganisation();
    await load('businessunit', [{ businessunitid: UNIT, name: 'North' }]);
    await load('team', [{ teamid: TEAM, name: 'North', businessunitid: UNIT }]);
    await load('role', [{ roleid: guid(800), name: 'Reader' }]);
    await load('contact', [{ contactid: guid(1) }]);
    const assign = () => patch(`contacts(${guid(1)})`, { 'ownerid@odata.bind': `/teams(${TEAM})` });

    const withoutRole = await assign();
    const [privilege] = (await get("privileges?$select=privilegeid&$filter=name eq 'prvReadContact'")).json.value;
    const granted = await post(`roles(${guid(800)})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, {
      Privileges: [{ PrivilegeId: privilege.privilegeid, Depth: 'Local' }],
    });
    const linked = await post(`teams(${TEAM})/teamroles_association/$ref`, { '@odata.id': `roles(${guid(800)})` });
    const roles = await get(`teams(${TEAM})/teamroles_association?$select=name`);
    const withRole = await assign();

    expect([withoutRole.status, withoutRole.json.error.code]).toEqual([403, '0x80040299']);
    expect([granted.status, linked.status, withRole.status]).toEqual([204, 204, 204]);
    expect(roles.json.value.map((role: { name: string }) => role.name)).toEqual(['Reader']);
    expect((await get(`contacts(${guid(1)})?$select=_owningbusinessunit_value`)).json._owningbusinessunit_value).toBe(
      UNIT,
    );
  });

  it('D43 gives rows to a team in bulk only with the privilege to assign, moves them to its unit, and tells it as a change', async () => {
    const roles = ['prvReadContact', 'prvWriteContact'];
    const organisation = await withPrivileges([...roles, 'prvAssignContact'], {});
    const { post, get, load, control } = organisation;
    await load('businessunit', [{ businessunitid: UNIT, name: 'North' }]);
    await load('team', [
      { teamid: TEAM, name: 'North', businessunitid: UNIT },
      { teamid: guid(702), name: 'Without a role', businessunitid: UNIT },
    ]);
    await load('role', [{ roleid: guid(800), name: 'Reader' }]);
    await load('contact', [{ contactid: guid(2) }]);
    await control('PUT', `application-users/${ADMINISTRATOR}`, { privileges: 'all' });
    const administrator = organisation.as(ADMINISTRATOR);
    const [privilege] = (await administrator.get("privileges?$select=privilegeid&$filter=name eq 'prvReadContact'"))
      .json.value;
    await administrator.post(`roles(${guid(800)})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, {
      Privileges: [{ PrivilegeId: privilege.privilegeid, Depth: 'Local' }],
    });
    await administrator.post(`teams(${TEAM})/teamroles_association/$ref`, { '@odata.id': `roles(${guid(800)})` });
    const begun = await get('contacts?$select=lastname,_ownerid_value', { prefer: 'odata.track-changes' });
    const assign = (team: string) =>
      post(bulk('UpdateMultiple'), {
        Targets: [1, 2].map((n) => ({
          '@odata.type': 'Microsoft.Dynamics.CRM.contact',
          contactid: guid(n),
          'ownerid@odata.bind': `/teams(${team})`,
        })),
      });

    const toNobody = await assign(guid(702));
    const assigned = await assign(TEAM);
    const changes = await get(begun.json['@odata.deltaLink']);
    const owner = await get(`contacts(${guid(1)})?$select=_ownerid_value,_owningteam_value,_owningbusinessunit_value`);
    const held = await administrator.get(`teams(${TEAM})/Microsoft.Dynamics.CRM.RetrieveTeamPrivileges()`);
    await control('PUT', `application-users/${CLIENT}`, { privileges: roles });
    const mayNot = await assign(TEAM);

    expect([toNobody.status, toNobody.json.error.code]).toEqual([403, '0x80040299']);
    expect(assigned.status).toBe(204);
    expect(owner.json).toMatchObject({
      _ownerid_value: TEAM,
      _owningteam_value: TEAM,
      _owningbusinessunit_value: UNIT,
    });
    expect(changes.json.value.map((row: Record<string, unknown>) => [row.contactid, row._ownerid_value])).toEqual([
      [guid(1), TEAM],
      [guid(2), TEAM],
    ]);
    const ofContacts = held.json.RolePrivileges.filter((one: { PrivilegeName: string }) =>
      /Contact/.test(one.PrivilegeName),
    );
    expect(ofContacts).toEqual([expect.objectContaining({ PrivilegeName: 'prvReadContact', Depth: 'Local' })]);
    expect([mayNot.status, /is missing (\S+) privilege/.exec(mayNot.json.error.message)?.[1]]).toEqual([
      403,
      'prvAssignContact',
    ]);
  });

  it('D44 makes every business unit but the root a child of it', async () => {
    const { get, load } = await makeOrganisation();
    await load('businessunit', [{ businessunitid: UNIT, name: 'North' }]);

    const roots = await get('businessunits?$select=name&$filter=_parentbusinessunitid_value eq null');

    expect(roots.json.value.map(({ name }: { name: string }) => name)).toEqual(['root']);
  });

  it('shows a user only the rows that his privilege reaches, also when an application acts for him', async () => {
    const { get, load, control } = await makeOrganisation();
    await load('businessunit', [{ businessunitid: UNIT, name: 'North' }]);
    await load('team', [{ teamid: TEAM, name: 'North', businessunitid: UNIT }]);
    await load('contact', [
      { contactid: guid(1), lastname: 'North', ownerid: TEAM },
      { contactid: guid(2), lastname: 'Other' },
    ]);
    await control('PUT', `users/${guid(600)}`, {
      privileges: ['prvReadContact/Local'],
      businessUnit: UNIT,
      objectId: guid(601),
    });
    const asUser = { mscrmcallerid: guid(600) };

    const everything = await get('contacts?$select=lastname');
    const own = await get('contacts?$select=lastname', asUser);
    const byObjectId = await get('contacts?$select=lastname', { callerobjectid: guid(601) });
    const foreign = await get(`contacts(${guid(2)})`, asUser);
    const fetched = await get(
      `contacts?fetchXml=${encodeURIComponent('<fetch><entity name="contact"/></fetch>')}`,
      asUser,
    );
    const accounts = await get('accounts?$select=name', asUser);
    await control('PUT', `application-users/${CLIENT}`, { privileges: ['prvReadContact'] });
    const mayNotActFor = await get('contacts?$select=lastname', asUser);

    expect(everything.json.value).toHaveLength(2);
    for (const answer of [own, byObjectId, fetched]) {
      expect(answer.json.value.map((row: { lastname: string }) => row.lastname)).toEqual(['North']);
    }
    expect([foreign.status, accounts.status, mayNotActFor.status]).toEqual([403, 403, 403]);
  });

  it('lists what a user may do, from roles that were given to him through the API', async () => {
    const { get, post, as } = await makeOrganisation();
    const unit = (await get('WhoAmI')).json.BusinessUnitId;
    const application = guid(650);
    await post('roles', { roleid: guid(801), name: 'Linker', 'businessunitid@odata.bind': `/businessunits(${unit})` });
    await post('systemusers', {
      systemuserid: guid(602),
      applicationid: application,
      'businessunitid@odata.bind': `/businessunits(${unit})`,
    });
    const [privilege] = (await get("privileges?$select=privilegeid&$filter=name eq 'prvReadContact'")).json.value;
    await post(`roles(${guid(801)})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, {
      Privileges: [{ PrivilegeId: privilege.privilegeid, Depth: '3' }],
    });

    const before = await as(application).get('contacts?$select=lastname');
    await post(`systemusers(${guid(602)})/systemuserroles_association/$ref`, { '@odata.id': `roles(${guid(801)})` });
    const after = await as(application).get('contacts?$select=lastname');
    const listed = await get(`systemusers(${guid(602)})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`);

    expect([before.status, after.status]).toEqual([403, 200]);
    expect(listed.json.RolePrivileges).toContainEqual({
      Depth: 'Global',
      PrivilegeId: privilege.privilegeid,
      BusinessUnitId: unit,
      PrivilegeName: 'prvReadContact',
    });
  });

  it('gives roles a handful of privileges unasked, and takes them out one by one', async () => {
    const { get, post } = await makeOrganisation();
    const unit = (await get('WhoAmI')).json.BusinessUnitId;
    const idOf = async (name: string) =>
      (await get(`privileges?$select=privilegeid&$filter=name eq '${name}'`)).json.value[0].privilegeid;
    const namesOf = async (): Promise<string[]> =>
      (await get(`RetrieveRolePrivilegesRole(RoleId=${guid(801)})`)).json.RolePrivileges.map(
        (one: { PrivilegeName: string }) => one.PrivilegeName,
      );
    const remove = async (name: string) =>
      post(`roles(${guid(801)})/Microsoft.Dynamics.CRM.RemovePrivilegeRole`, {
        Privilege: { privilegeid: await idOf(name) },
      });

    await post('roles', { roleid: guid(801), name: 'Linker', 'businessunitid@odata.bind': `/businessunits(${unit})` });
    const atFirst = await namesOf();
    for (const name of atFirst) expect((await remove(name)).status).toBe(204);
    const emptied = await namesOf();
    await post(`roles(${guid(801)})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, {
      Privileges: [{ PrivilegeId: await idOf('prvReadContact'), Depth: 'Global' }],
    });
    const afterAdding = await namesOf();
    const wrong = await post(`roles(${guid(801)})/Microsoft.Dynamics.CRM.RemovePrivilegeRole`, {
      PrivilegeId: await idOf('prvReadContact'),
    });

    expect(atFirst).toHaveLength(9);
    expect(atFirst).toContain('prvReadSdkMessageProcessingStep');
    expect(emptied).toEqual([]);
    expect(afterAdding.filter((name) => name.includes('SharePoint'))).toHaveLength(4);
    expect(afterAdding).toHaveLength(5);
    expect(wrong.status).toBe(400);
    expect((await get(`RetrieveRolePrivilegesRole(RoleId=${guid(9)})`)).status).toBe(404);
  });

  it('has one user for each application, in a business unit, who may sign in at once', async () => {
    const { get, post, as } = await makeOrganisation();
    const unit = (await get('WhoAmI')).json.BusinessUnitId;
    const application = guid(650);
    const user = { applicationid: application, 'businessunitid@odata.bind': `/businessunits(${unit})` };

    const homeless = await post('systemusers', { applicationid: application });
    const made = await post('systemusers', user);
    const again = await post('systemusers', user);

    expect([homeless.status, made.status, again.status]).toEqual([400, 204, 412]);
    expect((await as(application).get('WhoAmI')).status).toBe(200);
    const found = await get(
      `systemusers?$select=fullname&$filter=applicationid eq ${application} and isdisabled eq false`,
    );
    expect(found.json.value).toMatchObject([{ fullname: `# ${application}` }]);
  });

  it.each(['prvReadEntity', 'prvReadAttribute', 'prvReadRelationship'])(
    'shows no definition, and nobody his privileges, without %s or prvReadUser',
    async (missing) => {
      const reads = ['prvReadEntity', 'prvReadAttribute', 'prvReadRelationship'];
      const { get, control } = await makeOrganisation({ privileges: reads });
      const tables = "EntityDefinitions?$select=LogicalName&$filter=LogicalName eq 'contact'";
      const relationships = 'RelationshipDefinitions?$select=SchemaName';
      const { UserId } = (await get('WhoAmI')).json;

      const shown = [await get(tables), await get(relationships)];
      await control('PUT', `application-users/${CLIENT}`, { privileges: reads.filter((name) => name !== missing) });
      const refused = [await get(tables), await get(relationships)];
      const own = await get(`systemusers(${UserId})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`);

      expect(shown.map(({ status }) => status)).toEqual([200, 200]);
      for (const { status, json } of refused) {
        expect([status, json.error.message]).toEqual([403, expect.stringContaining(`missing ${missing} privilege`)]);
      }
      expect([own.status, own.json.error.message]).toEqual([403, expect.stringContaining('prvReadUser')]);
    },
  );
});
