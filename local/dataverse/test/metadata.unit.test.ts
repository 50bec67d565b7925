import { describe, expect, it } from 'vitest';
import { bulk, CLIENT, guid, linkTarget, makeOrganisation } from './support.ts';

const LOOKUP = 'msdynci_lookupfield_customerprofile';

const relationship = (table: string, more: object = {}) => ({
  SchemaName: `msdynci_customerprofile_${table}`,
  '@odata.type': 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
  CascadeConfiguration: {
    Assign: 'NoCascade',
    Delete: 'NoCascade',
    Merge: 'NoCascade',
    Reparent: 'NoCascade',
    Share: 'NoCascade',
    Unshare: 'NoCascade',
  },
  ReferencedAttribute: 'msdynci_customerprofileid',
  ReferencedEntity: 'msdynci_customerprofile',
  ReferencingEntity: table,
  Lookup: {
    AttributeType: 'Lookup',
    SchemaName: LOOKUP,
    DisplayName: { LocalizedLabels: [{ Label: 'Customer Profile', LanguageCode: 1033 }] },
    '@odata.type': 'Microsoft.Dynamics.CRM.LookupAttributeMetadata',
  },
  ...more,
});

const LEAD = {
  logicalName: 'lead',
  primaryName: 'subject',
  tableType: 'Standard',
  changeTracking: true,
  bulk: true,
  columns: [{ logicalName: 'subject', type: 'String' }],
};

async function withLeads(limits: object = {}) {
  let time = Date.parse('2026-03-14T06:30:00Z');
  const organisation = await makeOrganisation({ now: () => time });
  await organisation.control('POST', 'tables', LEAD);
  await organisation.control('POST', 'limits', limits);
  await organisation.load(
    'lead',
    [1, 2, 3].map((n) => ({ leadid: guid(n), subject: `S${n}` })),
  );
  return { ...organisation, later: (seconds: number) => (time += seconds * 1000) };
}

const leadTarget = (n: number) => ({
  '@odata.type': 'Microsoft.Dynamics.CRM.lead',
  leadid: guid(n),
  [`${LOOKUP}@odata.bind`]: `/msdynci_customerprofiles(${guid(50)})`,
});

describe('metadata', () => {
  it('D34 creates relationship and lookup in one POST, refuses a column that exists and cascades to elastic tables', async () => {
    const { post, get } = await withLeads();

    const cascade = await post(
      'RelationshipDefinitions',
      relationship('lead', { CascadeConfiguration: { Delete: 'RemoveLink' } }),
    );
    const created = await post('RelationshipDefinitions', relationship('lead'));
    const again = await post('RelationshipDefinitions', relationship('lead', { SchemaName: 'msdynci_other_lead' }));
    const column = await get(
      `EntityDefinitions(LogicalName='lead')/Attributes?$select=LogicalName,SchemaName,AttributeType&$filter=LogicalName eq '${LOOKUP}'`,
    );
    const found = await get(
      `EntityDefinitions(LogicalName='lead')/ManyToOneRelationships?$filter=ReferencingAttribute eq '${LOOKUP}'&$select=SchemaName,ReferencingEntityNavigationPropertyName,ReferencedEntity,ReferencedAttribute`,
    );
    const byUrl = await get(created.headers['OData-EntityId'] ?? '');
    const removed = await (await withLeads()).get('RelationshipDefinitions');

    expect(cascade.status).toBe(400);
    expect([created.status, created.text]).toEqual([204, '']);
    expect(created.headers['OData-EntityId']).toMatch(/\/RelationshipDefinitions\([0-9a-f-]{36}\)$/);
    expect(again.json.error.code).toBe('0x80047013');
    expect(column.json.value).toEqual([
      expect.objectContaining({ LogicalName: LOOKUP, SchemaName: LOOKUP, AttributeType: 'Lookup' }),
    ]);
    expect(found.json.value).toEqual([
      expect.objectContaining({
        SchemaName: 'msdynci_customerprofile_lead',
        ReferencingEntityNavigationPropertyName: LOOKUP,
        ReferencedEntity: 'msdynci_customerprofile',
        ReferencedAttribute: 'msdynci_customerprofileid',
      }),
    ]);
    expect(byUrl.json.CascadeConfiguration.Delete).toBe('NoCascade');
    expect(removed.json.value.length).toBeGreaterThan(0);
  });

  it('D34 removes a relationship with its column', async () => {
    const { post, send, get } = await withLeads();
    const created = await post('RelationshipDefinitions', relationship('lead'));

    const removed = await send('DELETE', created.headers['OData-EntityId'] ?? '');

    expect(removed.status).toBe(204);
    expect((await get(`leads?$select=_${LOOKUP}_value`)).status).toBe(400);
    expect((await post('RelationshipDefinitions', relationship('lead'))).status).toBe(204);
  });

  it('D35 does not know a new column for a while, unless the request is strongly consistent', async () => {
    const { post, get, later } = await withLeads({ schemaLagSeconds: 30 });
    await post('RelationshipDefinitions', relationship('lead'));
    const strong = { consistency: 'Strong' };
    const seen = async (headers: Record<string, string> = {}) => {
      const columns = await get(
        `EntityDefinitions(LogicalName='lead')/Attributes?$filter=LogicalName eq '${LOOKUP}'`,
        headers,
      );
      const write = await post(bulk('UpdateMultiple', 'leads'), { Targets: [leadTarget(1)] }, headers);
      const read = await get(`leads?$select=_${LOOKUP}_value`, headers);
      return [columns.json.value.length, write.status, write.json?.error.code, read.status, read.json?.error?.code];
    };

    expect(await seen()).toEqual([0, 400, '0x80048d19', 400, '0x0']);
    expect(await seen(strong)).toEqual([1, 204, undefined, 200, undefined]);
    later(31);
    expect(await seen()).toEqual([1, 204, undefined, 200, undefined]);
  });

  it('D36 fails parallel first bulk requests after a schema change, and none once one has been let finish', async () => {
    const { post } = await withLeads({ bulkPreparationMs: 30 });
    const update = (n: number) => post(bulk('UpdateMultiple', 'leads'), { Targets: [leadTarget(n)] });
    await post('RelationshipDefinitions', relationship('lead'));

    const race = await Promise.all([1, 2, 3].map(update));
    const afterwards = await Promise.all([1, 2, 3].map(update));

    const failed = race.filter(({ status }) => status !== 204);
    expect(failed).toHaveLength(2);
    for (const { json } of failed) {
      expect(json.error.code).toBe('0x80044150');
      expect(json.error.message).toMatch(/Sql Number: (3732|2766|2812)/);
    }
    expect(afterwards.map(({ status }) => status)).toEqual([204, 204, 204]);
  });

  it('shows tables by filter, by key and by id, with their columns, relationships and privileges', async () => {
    const { get, send } = await withLeads();

    const two = await get(
      "EntityDefinitions?$select=LogicalName,EntitySetName,TableType&$filter=LogicalName eq 'contact' or LogicalName eq 'msdynci_customerprofile'" +
        `&$expand=Attributes($select=LogicalName,MaxLength;$filter=LogicalName eq 'lastname' or LogicalName eq 'msdynci_customerid'),ManyToOneRelationships($select=SchemaName,ReferencingEntityNavigationPropertyName;$filter=ReferencingAttribute eq '${LOOKUP}'),OneToManyRelationships($select=SchemaName;$filter=ReferencingAttribute eq '${LOOKUP}')`,
    );
    const contact = two.json.value.find((table: { LogicalName: string }) => table.LogicalName === 'contact');
    const byId = await get(`EntityDefinitions(${contact.MetadataId})?$select=LogicalName`);
    const privileges = await get(
      "EntityDefinitions(LogicalName='contact')?$select=Privileges,PrimaryIdAttribute,PrimaryNameAttribute",
    );
    const tracked = await get('EntityDefinitions?$select=SchemaName&$filter=ChangeTrackingEnabled eq true');
    const eligible = await get('EntityDefinitions?$select=LogicalName&$filter=CanCreateAttributes/Value eq true');
    const missing = await get("EntityDefinitions(LogicalName='nothing')?$select=LogicalName");
    const whole = (await get("EntityDefinitions(LogicalName='account')")).json;
    const put = await send('PUT', "EntityDefinitions(LogicalName='account')", {
      ...whole,
      ChangeTrackingEnabled: true,
    });
    const cast = await get(
      `RelationshipDefinitions/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata?$select=SchemaName&$filter=ReferencedEntity eq 'msdynci_customerprofile'`,
    );

    expect(two.json.value).toHaveLength(2);
    expect(contact.Attributes).toEqual([expect.objectContaining({ LogicalName: 'lastname', MaxLength: 50 })]);
    expect(contact.ManyToOneRelationships[0].ReferencingEntityNavigationPropertyName).toBe(LOOKUP);
    const profile = two.json.value.find((table: { LogicalName: string }) => table.LogicalName !== 'contact');
    expect(profile).toMatchObject({ EntitySetName: 'msdynci_customerprofiles', TableType: 'Elastic' });
    expect(profile.OneToManyRelationships).toHaveLength(1);
    expect(byId.json.LogicalName).toBe('contact');
    expect(privileges.json).toMatchObject({ PrimaryIdAttribute: 'contactid', PrimaryNameAttribute: 'fullname' });
    expect(privileges.json.Privileges.map((one: { Name: string }) => one.Name)).toContain('prvAppendToContact');
    expect(tracked.json.value.map((one: { SchemaName: string }) => one.SchemaName).sort()).toEqual([
      'Contact',
      'Lead',
      'msdynci_customerprofile',
    ]);
    expect(eligible.json.value.length).toBeGreaterThan(3);
    expect(missing.status).toBe(404);
    expect(put.status).toBe(204);
    expect((await get('accounts?$select=name', { prefer: 'odata.track-changes' })).status).toBe(200);
    expect(cast.json.value).toHaveLength(1);
  });

  it('adds a companion column for the partition beside a lookup to an elastic table', async () => {
    const { post, get, control } = await withLeads();
    await post('RelationshipDefinitions', relationship('lead'));
    await control('POST', 'stats/reset');
    await post('contacts', { contactid: guid(1) });

    await post(bulk('UpdateMultiple'), { Targets: [linkTarget(guid(1), guid(50))] });
    const row = await get(`contacts(${guid(1)})?$select=_${LOOKUP}_value,${LOOKUP}pid`);
    const stats = await control('GET', 'stats');

    expect(row.json).toMatchObject({ [`_${LOOKUP}_value`]: guid(50), [`${LOOKUP}pid`]: guid(50) });
    expect(stats.json.columnsWritten.contact).toEqual({ [LOOKUP]: 1 });
    expect(stats.json.byCaller[CLIENT].updateMultiple).toBe(1);
  });

  it('names collections as the service does, and tells of alternate keys', async () => {
    const { get, control } = await withLeads();
    const key = { logicalName: 'new_subjectkey', schemaName: 'new_SubjectKey', columns: ['subject'] };
    await control('POST', 'tables', { ...LEAD, keys: [key] });
    const names = 'LogicalCollectionName,CollectionSchemaName,EntitySetName';

    const lead = await get(
      `EntityDefinitions(LogicalName='lead')?$select=${names}&$expand=Keys($select=KeyAttributes)`,
    );
    const keys = await get("EntityDefinitions(LogicalName='lead')/Keys");
    const none = await get("EntityDefinitions(LogicalName='contact')/Keys");

    expect(lead.json).toMatchObject({
      ...{ LogicalCollectionName: 'leads', CollectionSchemaName: 'Leads', EntitySetName: 'leads' },
      Keys: [{ KeyAttributes: ['subject'] }],
    });
    expect(keys.json.value).toMatchObject([
      { SchemaName: 'new_SubjectKey', EntityLogicalName: 'lead', EntityKeyIndexStatus: 'Active' },
    ]);
    expect(none.json.value).toEqual([]);
  });
});
