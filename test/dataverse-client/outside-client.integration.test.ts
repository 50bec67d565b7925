import { DynamicsWebApi } from 'dynamics-web-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeToken } from '../../local/dataverse/security/token.ts';
import { guid } from './fake-http.ts';
import { CLIENT_ID, contacts, type Organisation, startOrganisation } from './organisation.ts';

let organisation: Organisation;
let api: DynamicsWebApi;
beforeEach(async () => {
  organisation = await startOrganisation();
  await organisation.load('contact', contacts(6));
  api = new DynamicsWebApi({
    serverUrl: organisation.url,
    dataApi: { version: '9.2' },
    onTokenRefresh: async () => writeToken(CLIENT_ID, organisation.url, Date.now() + 60_000),
  });
});
afterEach(() => organisation.close());

const collection = 'contacts';
const nameOf = async (key: string): Promise<unknown> =>
  (await api.retrieve({ collection, key, select: ['fullname'] })).fullname;

describe('a client that nobody here wrote, before the stand-in', () => {
  it('creates, reads, changes and deletes rows and single columns', async () => {
    const created = await api.create<Record<string, unknown>>({
      collection,
      data: { fullname: 'Ida Ravn' },
      returnRepresentation: true,
    });
    const key = String(created.contactid);
    await api.update({ collection, key, data: { fullname: 'Ida Tyne' } });
    expect(await nameOf(key)).toBe('Ida Tyne');
    await api.updateSingleProperty({ collection, key, fieldValuePair: { fullname: 'Ida' } });
    expect(await nameOf(key)).toBe('Ida');
    await api.deleteRecord({ collection, key, property: 'fullname' });
    expect(await nameOf(key)).toBeNull();
    await api.upsert({ collection, key: guid(77), data: { fullname: 'New' } });
    expect(await nameOf(guid(77))).toBe('New');
    await api.deleteRecord({ collection, key });
    await expect(api.retrieve({ collection, key })).rejects.toMatchObject({ status: 404 });
  });

  it('reads lists by pages and FetchXML, and counts', async () => {
    const page = await api.retrieveMultiple({ collection, select: ['fullname'], maxPageSize: 4 });
    const all = await api.retrieveAll({ collection, select: ['fullname'] });
    const filter = "fullname eq 'Contact 3'";
    const fetchXml = '<fetch count="3"><entity name="contact"><attribute name="fullname"/></entity></fetch>';
    const fetched = await api.fetch({ collection, fetchXml });

    expect([page.value.length, all.value.length]).toEqual([4, 6]);
    expect(page.oDataNextLink).toContain('skiptoken');
    expect(await api.count({ collection })).toBe(6);
    expect(await api.count({ collection, filter })).toBe(1);
    expect(fetched.value.length).toBe(3);
  });

  it('calls functions, reads definitions and sends batches', async () => {
    expect(await api.callFunction('RetrieveVersion')).toMatchObject({ Version: expect.stringMatching(/^9\.2\./) });
    expect(await api.callFunction('WhoAmI')).toHaveProperty('UserId');
    const entity = await api.retrieveEntity({ key: "LogicalName='contact'", select: ['EntitySetName'] });
    expect(entity).toMatchObject({ EntitySetName: 'contacts' });

    api.startBatch();
    void api.update({ collection, key: guid(1), data: { fullname: 'One' } });
    void api.update({ collection, key: guid(2), data: { fullname: 'Two' } });
    await api.executeBatch();
    expect([await nameOf(guid(1)), await nameOf(guid(2))]).toEqual(['One', 'Two']);
  });
});
