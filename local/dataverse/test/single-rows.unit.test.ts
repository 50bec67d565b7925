import { describe, expect, it } from 'vitest';
import { bulk, guid, makeOrganisation, part } from './support.ts';

const LINK = 'msdynci_lookupfield_customerprofile';

async function withContact() {
  const organisation = await makeOrganisation();
  await organisation.load('account', [{ accountid: guid(100), name: 'Harbour' }]);
  await organisation.load('contact', [{ contactid: guid(1), lastname: 'Ravn' }]);
  const row = async (id = guid(1)) => (await organisation.get(`contacts(${id})`)).json;
  return { ...organisation, row };
}

describe('single rows', () => {
  it('D12 PATCH creates what is not there, unless If-Match or If-None-Match forbid it', async () => {
    const { patch, row, control } = await withContact();

    const created = await patch(`contacts(${guid(2)})`, { lastname: 'Tyne' });
    const missing = await patch(`contacts(${guid(3)})`, { lastname: 'X' }, { 'if-match': '*' });
    const exists = await patch(`contacts(${guid(1)})`, { lastname: 'X' }, { 'if-none-match': '*' });
    await control('POST', 'limits', { missingRowCode: '' });
    const inPrint = await patch(`contacts(${guid(3)})`, { lastname: 'X' }, { 'if-match': '*' });

    expect(created.status).toBe(204);
    expect(created.headers['OData-EntityId']).toBe(`http://org.example/api/data/v9.2/contacts(${guid(2)})`);
    expect((await row(guid(2))).lastname).toBe('Tyne');
    expect([missing.status, missing.json.error]).toEqual([
      404,
      { code: '0x80040217', message: `contact With Id = ${guid(3)} Does Not Exist` },
    ]);
    expect([exists.status, exists.json.error.message]).toEqual([
      412,
      'A record with matching key values already exists.',
    ]);
    expect(inPrint.json.error.code).toBe('');
    expect((await row()).lastname).toBe('Ravn');
  });

  it('D13 PATCH with a stale etag is refused, GET with the current one says 304', async () => {
    const { get, patch, row } = await withContact();
    const stale = (await row())['@odata.etag'];

    const first = await patch(`contacts(${guid(1)})`, { lastname: 'A' }, { 'if-match': stale });
    const second = await patch(`contacts(${guid(1)})`, { lastname: 'B' }, { 'if-match': stale });
    const current = (await row())['@odata.etag'];
    const unchanged = await get(`contacts(${guid(1)})`, { 'if-none-match': current });
    const changed = await get(`contacts(${guid(1)})`, { 'if-none-match': stale });

    expect(first.status).toBe(204);
    expect([second.status, second.json.error.code]).toEqual([412, '0x80060882']);
    expect([unchanged.status, unchanged.text]).toEqual([304, '']);
    expect(changed.json.lastname).toBe('A');
  });

  it('D14 binds lookups in all three forms and clears them with null, but not by a null bind in a batch', async () => {
    const { patch, batch, post, send, row } = await withContact();
    const linked = async () => (await row())._new_customerid_value;
    const bind = (value: string | null) => patch(`contacts(${guid(1)})`, { 'new_CustomerId@odata.bind': value });
    const seen: unknown[] = [];

    for (const form of ['accounts(', '/accounts(', 'http://org.example/api/data/v9.2/accounts(']) {
      expect((await bind(`${form}${guid(100)})`)).status).toBe(204);
      seen.push(await linked());
      expect((await patch(`contacts(${guid(1)})`, { new_CustomerId: null })).status).toBe(204);
      seen.push(await linked());
    }
    await bind(`/accounts(${guid(100)})`);
    expect((await bind(null)).status).toBe(204);
    seen.push(await linked());
    const inBatch = await batch([part('PATCH', `contacts(${guid(1)})`, { 'new_CustomerId@odata.bind': null })]);
    const target = { '@odata.type': 'Microsoft.Dynamics.CRM.contact', contactid: guid(1) };
    const cleared = await post(bulk('UpdateMultiple'), { Targets: [{ ...target, new_CustomerId: null }] });
    const put = await send('PUT', `contacts(${guid(1)})/new_CustomerId/$ref`, {
      '@odata.id': `accounts(${guid(100)})`,
    });
    const afterPut = await linked();
    const removed = await send('DELETE', `contacts(${guid(1)})/new_CustomerId/$ref`);

    expect(seen).toEqual([guid(100), null, guid(100), null, guid(100), null, null]);
    expect(inBatch.status).toBe(400);
    expect(inBatch.text).toContain("The 'odata.bind' instance or property annotation has a null value.");
    expect([cleared.status, put.status, afterPut, removed.status, await linked()]).toEqual([
      204,
      204,
      guid(100),
      204,
      null,
    ]);
  });

  it('D15 tells wrong names apart: navigation, column, entity set, method', async () => {
    const { get, patch, row } = await withContact();

    const casing = await patch(`contacts(${guid(1)})`, { 'new_customerid@odata.bind': `/accounts(${guid(100)})` });
    const unknown = await patch(`contacts(${guid(1)})`, { 'new_Nothing@odata.bind': `/accounts(${guid(100)})` });
    const select = await get('contacts?$select=Name');
    const body = await patch(`contacts(${guid(1)})`, { Name: 'x' });
    const set = await get('Contact');
    const method = await get(bulk('UpdateMultiple'));
    const segment = await get('contacts(abc');

    expect([casing.status, casing.json.error.code]).toEqual([400, '0x80048d19']);
    expect(casing.json.error.message).toContain(
      "An undeclared property 'new_customerid' which only has property annotations",
    );
    expect(unknown.json.error.code).toBe('0x80048d19');
    expect([select.status, select.json.error]).toEqual([
      400,
      { code: '0x0', message: "Could not find a property named 'Name' on type 'Microsoft.Dynamics.CRM.contact'." },
    ]);
    expect([body.status, body.json.error.code]).toEqual([400, '0x0']);
    expect([set.status, set.json.error]).toEqual([
      404,
      { code: '0x8006088a', message: "Resource not found for the segment 'Contact'." },
    ]);
    expect([method.status, method.json.error.code]).toEqual([404, '']);
    expect(method.json.error.message).toMatch(/^No HTTP resource was found that matches the request URI '/);
    expect([segment.status, segment.json.error.code]).toEqual([400, '0x80060888']);
    expect((await row())._new_customerid_value).toBeNull();
  });

  it('answers a POST with the row if asked to, and refuses what does not fit the column', async () => {
    const { post, patch } = await withContact();

    const created = await post('contacts', { lastname: 'Lund' }, { prefer: 'return=representation' });
    const tooLong = await patch(`contacts(${guid(1)})`, { lastname: 'x'.repeat(51) });
    const wrongType = await patch(`contacts(${guid(1)})`, { numberofchildren: 'two' });
    const ghost = await patch(`contacts(${guid(1)})`, { 'new_CustomerId@odata.bind': `/accounts(${guid(404)})` });
    const elastic = await patch(`contacts(${guid(1)})`, {
      [`${LINK}@odata.bind`]: `/msdynci_customerprofiles(${guid(404)})`,
    });

    expect([created.status, created.json.lastname]).toEqual([201, 'Lund']);
    expect(tooLong.json.error).toEqual({
      code: '0x80044331',
      message:
        "A validation error occurred.  The length of the 'lastname' attribute of the 'contact' entity exceeded the maximum allowed length of '50'.",
    });
    expect(wrongType.json.error.code).toBe('0x80048d19');
    expect([ghost.status, ghost.json.error.message]).toEqual([404, `account With Id = ${guid(404)} Does Not Exist`]);
    expect(elastic.status).toBe(204);
  });
});
