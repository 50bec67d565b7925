import type { DynamicsWebApi } from 'dynamics-web-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeToken } from '../../local/dataverse/security/token.ts';
import { guid } from './fake-http.ts';
import { CLIENT_ID, contacts, type Organisation, startOrganisation } from './organisation.ts';

const outside = await import('dynamics-web-api').catch(() => undefined);

const collection = 'contacts';
const key = guid(1);
const account = {
  ...{ logicalName: 'account', tableType: 'Standard', changeTracking: false, bulk: true },
  columns: [{ logicalName: 'name', type: 'String' }],
};
const employer = {
  ...{ logicalName: 'new_employerid', schemaName: 'new_EmployerId', type: 'Lookup', targets: ['account'] },
  relationshipName: 'new_account_contact',
};
const fetchXml = '<fetch count="3"><entity name="contact"><attribute name="fullname"/></entity></fetch>';

let organisation: Organisation;
let api: DynamicsWebApi;
beforeEach(async () => {
  if (!outside) return;
  organisation = await startOrganisation();
  const { url } = organisation;
  const employed = { logicalName: 'contact', tableType: 'Standard', changeTracking: true, bulk: true };
  await organisation.control('POST', 'tables', [account, { ...employed, columns: [employer] }]);
  await organisation.load('account', [{ accountid: guid(100), name: 'Harbour' }]);
  await organisation.load('contact', contacts(6));
  api = new outside.DynamicsWebApi({
    serverUrl: url,
    dataApi: { version: '9.2' },
    onTokenRefresh: async () => writeToken(CLIENT_ID, url, Date.now() + 60_000),
  });
});
afterEach(() => organisation?.close());

const nameOf = async (one: string): Promise<unknown> =>
  (await api.retrieve({ collection, key: one, select: ['fullname'] })).fullname;
const employerOf = async (): Promise<unknown> =>
  (await api.retrieve({ collection, key, select: ['_new_employerid_value'] }))._new_employerid_value;

describe.skipIf(!outside)('all operations of dynamics-web-api (skipped where it is not installed)', () => {
  it('create, retrieve, update, updateSingleProperty, upsert and deleteRecord', async () => {
    const data = { fullname: 'Ida Ravn' };
    const created = await api.create<Record<string, unknown>>({ collection, data, returnRepresentation: true });
    const one = String(created.contactid);
    await api.update({ collection, key: one, data: { fullname: 'Ida Tyne' } });
    expect(await nameOf(one)).toBe('Ida Tyne');
    await api.updateSingleProperty({ collection, key: one, fieldValuePair: { fullname: 'Ida' } });
    expect(await nameOf(one)).toBe('Ida');
    await api.deleteRecord({ collection, key: one, property: 'fullname' });
    expect(await nameOf(one)).toBeNull();
    await api.upsert({ collection, key: guid(77), data: { fullname: 'New' } });
    expect(await nameOf(guid(77))).toBe('New');
    await api.deleteRecord({ collection, key: one });
    await expect(api.retrieve({ collection, key: one })).rejects.toMatchObject({ status: 404 });
  });

  it('retrieveMultiple, retrieveAll, count, countAll, fetch and fetchAll', async () => {
    const page = await api.retrieveMultiple({ collection, select: ['fullname'], maxPageSize: 4 });
    const all = await api.retrieveAll({ collection, select: ['fullname'] });
    const filter = "fullname eq 'Contact 3'";
    const fetched = await api.fetch({ collection, fetchXml });
    const everything = await api.fetchAll({ collection, fetchXml });
    const counting = '<attribute name="contactid" aggregate="count" alias="contacts"/>';
    const aggregate = `<fetch aggregate="true"><entity name="contact">${counting}</entity></fetch>`;

    expect([page.value.length, all.value.length]).toEqual([4, 6]);
    expect(page.oDataNextLink).toContain('skiptoken');
    expect(await api.count({ collection })).toBe(6);
    expect(await api.count({ collection, filter })).toBe(1);
    expect(await api.countAll({ collection })).toBe(6);
    expect([fetched.value.length, everything.value.length]).toEqual([3, 6]);
    expect((await api.fetch({ collection, fetchXml: aggregate })).value).toEqual([{ contacts: 6 }]);
  });

  it('associate, disassociate, associateSingleValued and disassociateSingleValued', async () => {
    const pair = { primaryKey: guid(100), relationshipName: 'new_account_contact', relatedKey: key };
    await api.associate({ collection: 'accounts', ...pair, relatedCollection: collection });
    expect(await employerOf()).toBe(guid(100));
    await api.disassociate({ collection: 'accounts', ...pair });
    expect(await employerOf()).toBeNull();
    const single = { collection, primaryKey: key, navigationProperty: 'new_EmployerId' };
    await api.associateSingleValued({ ...single, relatedCollection: 'accounts', relatedKey: guid(100) });
    expect(await employerOf()).toBe(guid(100));
    await api.disassociateSingleValued(single);
    expect(await employerOf()).toBeNull();
  });

  it('callFunction and callAction, bound and unbound', async () => {
    const { UserId } = await api.callFunction<{ readonly UserId: string }>('WhoAmI');
    expect(await api.callFunction('RetrieveVersion')).toMatchObject({ Version: expect.stringMatching(/^9\.2\./) });
    const rights = { collection: 'systemusers', key: UserId, name: 'Microsoft.Dynamics.CRM.RetrieveUserPrivileges' };
    expect(await api.callFunction(rights)).toHaveProperty('RolePrivileges');
    await api.callAction({ actionName: 'PublishAllXml' });
    const target = { '@odata.type': 'Microsoft.Dynamics.CRM.contact', contactid: key, fullname: 'By action' };
    const actionName = 'Microsoft.Dynamics.CRM.UpdateMultiple';
    await api.callAction({ collection, actionName, action: { Targets: [target] } });
    expect(await nameOf(key)).toBe('By action');
  });

  it('startBatch and executeBatch', async () => {
    api.startBatch();
    void api.update({ collection, key: guid(1), data: { fullname: 'One' } });
    void api.update({ collection, key: guid(2), data: { fullname: 'Two' } });
    await api.executeBatch();
    expect([await nameOf(guid(1)), await nameOf(guid(2))]).toEqual(['One', 'Two']);
  });

  it('retrieves and changes definitions of tables, columns and relationships', async () => {
    const entityKey = "LogicalName='contact'";
    const entity = await api.retrieveEntity<Record<string, unknown>>({ key: entityKey });
    expect(entity).toMatchObject({ EntitySetName: collection, CollectionSchemaName: 'Contacts' });
    const entities = await api.retrieveEntities({ select: ['LogicalName'], filter: "LogicalName eq 'account'" });
    expect(entities.value).toMatchObject([{ LogicalName: 'account' }]);
    await api.updateEntity({ data: { ...entity, ChangeTrackingEnabled: true } });
    const columns = await api.retrieveAttributes({ entityKey, select: ['LogicalName'] });
    expect(columns.value).toContainEqual(expect.objectContaining({ LogicalName: 'fullname' }));
    const attributeKey = "LogicalName='fullname'";
    expect(await api.retrieveAttribute({ entityKey, attributeKey })).toMatchObject({ SchemaName: 'fullname' });

    const type = 'Microsoft.Dynamics.CRM';
    await api.createRelationship({
      data: {
        ...{ '@odata.type': `${type}.OneToManyRelationshipMetadata`, SchemaName: 'new_account_contact2' },
        ...{ ReferencedEntity: 'account', ReferencedAttribute: 'accountid', ReferencingEntity: 'contact' },
        Lookup: {
          ...{ '@odata.type': `${type}.LookupAttributeMetadata`, AttributeType: 'Lookup', SchemaName: 'new_Second' },
          DisplayName: { LocalizedLabels: [{ Label: 'Second', LanguageCode: 1033 }] },
        },
      },
    });
    const found = await api.retrieveRelationships({ filter: "SchemaName eq 'new_account_contact2'" });
    const id = String(found.value[0]?.MetadataId);
    expect(await api.retrieveRelationship({ key: id })).toMatchObject({ ReferencingAttribute: 'new_second' });
    await api.deleteRelationship({ key: id });
    await expect(api.retrieveRelationship({ key: id })).rejects.toMatchObject({ status: 404 });
  });

  it("refuses what the stand-in lacks by design, in the service's form", async () => {
    const label = { DisplayName: { LocalizedLabels: [] } };
    const data = { SchemaName: 'new_Thing', ...label };
    const entityKey = "LogicalName='contact'";
    const options = { MetadataId: guid(9), Name: 'new_options' };
    const lacking: Record<string, () => Promise<unknown>> = {
      createEntity: () => api.createEntity({ data }),
      createAttribute: () => api.createAttribute({ entityKey, data }),
      updateAttribute: () => api.updateAttribute({ entityKey, data: { ...data, MetadataId: guid(9) } }),
      updateRelationship: () => api.updateRelationship({ data: { ...data, MetadataId: guid(9) } }),
      createGlobalOptionSet: () => api.createGlobalOptionSet({ data: options }),
      updateGlobalOptionSet: () => api.updateGlobalOptionSet({ data: options }),
      deleteGlobalOptionSet: () => api.deleteGlobalOptionSet({ key: guid(9) }),
      retrieveGlobalOptionSet: () => api.retrieveGlobalOptionSet({ key: guid(9) }),
      retrieveGlobalOptionSets: () => api.retrieveGlobalOptionSets(),
      retrieveCsdlMetadata: () => api.retrieveCsdlMetadata(),
      uploadFile: () =>
        api.uploadFile({ collection, key, property: 'new_file', fileName: 'a.txt', data: Buffer.from('a') }),
      downloadFile: () => api.downloadFile({ collection, key, property: 'new_file' }),
      query: () => api.query({ query: { search: 'Ida' } }),
      suggest: () => api.suggest({ query: { search: 'Ida' } }),
      autocomplete: () => api.autocomplete({ query: { search: 'Ida' } }),
      getBackgroundOperationStatus: () => api.getBackgroundOperationStatus(guid(9)),
      cancelBackgroundOperation: () => api.cancelBackgroundOperation(guid(9)),
    };
    const refused = async (run: () => Promise<unknown>): Promise<unknown> =>
      run().then(
        () => 'answered',
        (error: { readonly status?: number; readonly message?: string }) => {
          const isRefusal = error.status !== undefined && error.status >= 400 && error.status < 500;
          return isRefusal && error.message ? 'refused' : error;
        },
      );

    for (const [name, run] of Object.entries(lacking)) expect([name, await refused(run)]).toEqual([name, 'refused']);
  });
});
