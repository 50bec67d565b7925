import { describe, expect, it } from 'vitest';
import { CLIENT, guid, makeOrganisation } from './support.ts';

const [UNIT, BELOW, ROLE, USER] = [guid(700), guid(701), guid(800), guid(600)];

/** An organisation with a unit, another below that, and a role of the root unit that reads contacts. */
async function withRole() {
  const organisation = await makeOrganisation();
  const { get, post, load } = organisation;
  await load('businessunit', [
    { businessunitid: UNIT, name: 'North' },
    { businessunitid: BELOW, name: 'Far North', parentbusinessunitid: UNIT },
  ]);
  const root = (await get('WhoAmI')).json.BusinessUnitId;
  await post('roles', { roleid: ROLE, name: 'Reader', 'businessunitid@odata.bind': `/businessunits(${root})` });
  const [privilege] = (await get("privileges?$select=privilegeid&$filter=name eq 'prvReadContact'")).json.value;
  await post(`roles(${ROLE})/Microsoft.Dynamics.CRM.AddPrivilegesRole`, {
    Privileges: [{ PrivilegeId: privilege.privilegeid, Depth: 'Deep' }],
  });
  const copyIn = async (unit: string): Promise<string> =>
    (await get(`roles?$select=roleid&$filter=_parentrootroleid_value eq ${ROLE} and _businessunitid_value eq ${unit}`))
      .json.value[0]?.roleid;
  const depthOfReading = async (): Promise<string | undefined> =>
    (await get(`systemusers(${USER})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`)).json.RolePrivileges.find(
      (one: { PrivilegeId: string }) => one.PrivilegeId === privilege.privilegeid,
    )?.Depth;
  return { ...organisation, root, copyIn, depthOfReading };
}

describe('roles', () => {
  it('stand in every unit below their own, as copies that give what they give and go when they go', async () => {
    const { get, post, send, control, copyIn, depthOfReading } = await withRole();
    const copies = (await get(`roles?$select=name&$filter=_parentrootroleid_value eq ${ROLE}`)).json.value;
    await control('PUT', `users/${USER}`, { privileges: [], businessUnit: BELOW });
    const before = await depthOfReading();
    const given = await post(`systemusers(${USER})/systemuserroles_association/$ref`, {
      '@odata.id': `roles(${await copyIn(BELOW)})`,
    });
    const after = await depthOfReading();
    const deleted = await send('DELETE', `roles(${ROLE})`);

    expect(copies.map(({ name }: { name: string }) => name)).toEqual(['Reader', 'Reader', 'Reader']);
    expect([before, given.status, after, deleted.status]).toEqual([undefined, 204, 'Deep', 204]);
    expect((await get("roles?$select=roleid&$filter=name eq 'Reader'")).json.value).toEqual([]);
    expect(await depthOfReading()).toBeUndefined();
  });

  it('tell who holds them', async () => {
    const { get, post, load, control } = await withRole();
    await load('team', [{ teamid: guid(702), name: 'Sellers' }]);
    await control('PUT', `users/${USER}`, { privileges: [] });
    const nobody = await get(`systemuserrolescollection?$select=systemuserid&$filter=roleid eq ${ROLE}`);
    await post(`systemusers(${USER})/systemuserroles_association/$ref`, { '@odata.id': `roles(${ROLE})` });
    await post(`teams(${guid(702)})/teamroles_association/$ref`, { '@odata.id': `roles(${ROLE})` });

    const users = await get(`systemuserrolescollection?$select=systemuserid&$filter=roleid eq ${ROLE}`);
    const teams = await get(`teamrolescollection?$filter=roleid eq ${ROLE}`);
    const others = await get(`teamrolescollection?$filter=roleid eq ${guid(9)}`);

    expect([nobody.status, nobody.json.value]).toEqual([200, []]);
    expect(users.json.value).toEqual([{ systemuserid: USER }]);
    expect(teams.json.value).toEqual([{ teamid: guid(702), roleid: ROLE }]);
    expect(others.json.value).toEqual([]);
    await control('PUT', `application-users/${CLIENT}`, { privileges: ['prvReadUser'] });
    expect((await get('systemuserrolescollection')).status).toBe(403);
  });

  it('tell by ids alone what they give, where the organisation is set so', async () => {
    const { get, control } = await withRole();
    await control('POST', 'limits', { namesPrivileges: false });
    const answer = (await get(`RetrieveRolePrivilegesRole(RoleId=${ROLE})`)).json.RolePrivileges;
    expect(answer.length).toBeGreaterThan(0);
    expect(answer.filter((one: object) => 'PrivilegeName' in one)).toEqual([]);
  });

  it('tell a user which secured columns he may use', async () => {
    const { get, control } = await withRole();
    const column = (
      await get("EntityDefinitions(LogicalName='contact')/Attributes?$filter=LogicalName eq 'governmentid'")
    ).json.value[0];
    const allowed = async () =>
      (await get(`systemusers(${USER})/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()`)).json
        .AttributePrivileges;
    await control('PUT', `users/${USER}`, { privileges: [] });
    const none = await allowed();
    await control('PUT', `users/${USER}`, { privileges: [], securedColumns: ['contact.governmentid'] });

    expect(column.IsSecured).toBe(true);
    expect(none).toEqual([]);
    expect(await allowed()).toEqual([{ AttributeId: column.MetadataId, CanCreate: 4, CanRead: 4, CanUpdate: 4 }]);
  });

  it('lets no column be made on its own tables, nor on those whose publisher forbids it', async () => {
    const { post, get, control } = await withRole();
    const common = { tableType: 'Standard', changeTracking: false, bulk: false, columns: [] };
    await control('POST', 'tables', [
      { ...common, logicalName: 'new_closed', canCreateAttributes: false },
      { ...common, logicalName: 'new_fixed', isCustomizable: false },
      { ...common, logicalName: 'new_open' },
    ]);
    const label = { LocalizedLabels: [{ Label: 'Profile', LanguageCode: 1033 }] };
    const make = async (table: string) =>
      (
        await post('RelationshipDefinitions', {
          '@odata.type': 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
          SchemaName: `new_profile_${table}`,
          ReferencedEntity: 'msdynci_customerprofile',
          ReferencingEntity: table,
          Lookup: { SchemaName: 'new_profile', DisplayName: label },
        })
      ).status;

    expect(await Promise.all(['new_closed', 'new_fixed', 'workflow', 'role'].map(make))).toEqual([400, 400, 400, 400]);
    expect(await make('new_open')).toBe(204);
    const path =
      "EntityDefinitions?$select=LogicalName,OwnershipType,IsCustomizable,CanCreateAttributes&$filter=LogicalName eq 'role'";
    expect((await get(path)).json.value[0]).toMatchObject({
      OwnershipType: 'BusinessOwned',
      CanCreateAttributes: { Value: false },
    });
  });
});
