import { describe, expect, it } from 'vitest';
import { bulk, guid, linkTarget, makeOrganisation } from './support.ts';

const PROFILE = 'msdynci_customerprofiles';
const target = (fields: object) => ({ '@odata.type': 'Microsoft.Dynamics.CRM.contact', ...fields });
const profile = (fields: object) => ({ '@odata.type': 'Microsoft.Dynamics.CRM.msdynci_customerprofile', ...fields });

async function withRows() {
  const organisation = await makeOrganisation();
  await organisation.load('msdynci_customerprofile', [
    { msdynci_customerprofileid: guid(50), msdynci_customerid: 'fifty' },
    { msdynci_customerprofileid: guid(51), msdynci_customerid: 'fifty-one' },
  ]);
  await organisation.load(
    'contact',
    [1, 2, 3].map((n) => ({ contactid: guid(n), lastname: `N${n}` })),
  );
  const names = async (): Promise<string[]> =>
    (await organisation.get('contacts?$select=lastname')).json.value.map((row: { lastname: string }) => row.lastname);
  const links = async () =>
    (await organisation.get('contacts?$select=_msdynci_lookupfield_customerprofile_value')).json.value.map(
      (row: Record<string, unknown>) => row._msdynci_lookupfield_customerprofile_value,
    );
  return { ...organisation, names, links };
}

describe('bulk messages', () => {
  it('D16 UpdateMultiple and UpsertMultiple answer 204, CreateMultiple 200 with the ids', async () => {
    const { post, names, links } = await withRows();

    const updated = await post(bulk('UpdateMultiple'), {
      Targets: [linkTarget(guid(1), guid(50)), linkTarget(guid(2), guid(51))],
    });
    const created = await post(bulk('CreateMultiple'), {
      Targets: [target({ lastname: 'A' }), target({ lastname: 'B' })],
    });
    const upserted = await post(bulk('UpsertMultiple'), { Targets: [target({ contactid: guid(3), lastname: 'N3b' })] });

    expect([updated.status, updated.text]).toEqual([204, '']);
    expect([created.status, created.json.Ids.length]).toEqual([200, 2]);
    expect([upserted.status, upserted.text]).toEqual([204, '']);
    expect((await names()).sort()).toEqual(['A', 'B', 'N1', 'N2', 'N3b']);
    expect((await links()).filter((link: unknown) => link !== null)).toEqual([guid(50), guid(51)]);
  });

  it('D17 refuses a target without its type', async () => {
    const { post, names } = await withRows();

    const none = await post(bulk('UpdateMultiple'), { Targets: [{ contactid: guid(1), lastname: 'X' }] });
    const wrong = await post(bulk('UpdateMultiple'), { Targets: [profile({ contactid: guid(1), lastname: 'X' })] });

    expect([none.status, wrong.status]).toEqual([400, 400]);
    expect(await names()).toEqual(['N1', 'N2', 'N3']);
  });

  it('D18 changes no row of a standard table if one target is bad', async () => {
    const { post, names, control } = await withRows();
    const rows = (last: object) => ({
      Targets: [target({ contactid: guid(1), lastname: 'X' }), target({ contactid: guid(2), ...last })],
    });

    const tooLong = await post(bulk('UpdateMultiple'), rows({ lastname: 'x'.repeat(51) }));
    const unknown = await post(bulk('UpdateMultiple'), rows({ nothing: 1 }));
    await control('POST', 'faults', {
      match: { rowId: guid(2) },
      fault: { status: 400, code: '0x80040265', message: 'ISV' },
    });
    const faulty = await post(bulk('UpdateMultiple'), rows({ lastname: 'Y' }));

    expect([tooLong.json.error.code, unknown.json.error.code, faulty.json.error.code]).toEqual([
      '0x80044331',
      '0x0',
      '0x80040265',
    ]);
    expect(await names()).toEqual(['N1', 'N2', 'N3']);
  });

  it('D19 UpdateMultiple fails as a whole over unknown ids, UpsertMultiple creates them', async () => {
    const { post, names } = await withRows();
    const targets = [target({ contactid: guid(1), lastname: 'X' }), target({ contactid: guid(9), lastname: 'New' })];

    const update = await post(bulk('UpdateMultiple'), { Targets: targets });
    const before = await names();
    const upsert = await post(bulk('UpsertMultiple'), { Targets: targets });

    expect([update.status, update.json.error]).toEqual([
      404,
      { code: '0x80040217', message: `Contact With Ids = ${guid(9)} Do Not Exist` },
    ]);
    expect(before).toEqual(['N1', 'N2', 'N3']);
    expect(upsert.status).toBe(204);
    expect(await names()).toEqual(['X', 'N2', 'N3', 'New']);
  });

  it('D20 UpdateMultiple takes the first of two targets with one key, UpsertMultiple refuses both', async () => {
    const { post, names } = await withRows();
    const targets = ['first', 'second'].map((lastname) => target({ contactid: guid(1), lastname }));

    const update = await post(bulk('UpdateMultiple'), { Targets: targets });
    const upsert = await post(bulk('UpsertMultiple'), { Targets: [...targets].reverse() });

    expect(update.status).toBe(204);
    expect(upsert.status).toBeGreaterThanOrEqual(400);
    expect(await names()).toEqual(['first', 'N2', 'N3']);
  });

  it('D21 keeps the good rows of an elastic table, and tells the bad ones to those who ask', async () => {
    const { post, get } = await withRows();
    const targets = (name: string) => [
      profile({ msdynci_customerprofileid: guid(50), msdynci_customerid: name }),
      profile({ msdynci_customerprofileid: guid(99), msdynci_customerid: name }),
      profile({ msdynci_customerprofileid: guid(51), msdynci_customerid: 'x'.repeat(101) }),
    ];

    const plain = await post(bulk('UpdateMultiple', PROFILE), { Targets: targets('one') });
    const prefer = 'odata.include-annotations=Microsoft.PowerApps.CDS.ErrorDetails.*';
    const detailed = await post(bulk('UpdateMultiple', PROFILE), { Targets: targets('two') }, { prefer });
    const rows = await get(`${PROFILE}?$select=msdynci_customerid`);
    const removed = await post(bulk('DeleteMultiple', PROFILE), {
      Targets: [profile({ msdynci_customerprofileid: guid(51) })],
    });

    expect(plain.status).toBe(404);
    expect(Object.keys(plain.json.error)).toEqual(['code', 'message']);
    const details = detailed.json.error['@Microsoft.PowerApps.CDS.ErrorDetails.Plugin.BulkApiErrorDetails'];
    expect(JSON.parse(details)).toEqual([
      { RequestIndex: 1, Id: guid(99), StatusCode: 404 },
      { RequestIndex: 2, Id: guid(51), StatusCode: 400 },
    ]);
    expect(rows.json.value.map((row: Record<string, string>) => row.msdynci_customerid)).toEqual(['two', 'fifty-one']);
    expect(removed.status).toBe(204);
    expect((await get(`${PROFILE}/$count`)).text).toBe('1');
  });

  it('D22 refuses an alternate key that stands in @odata.id and in the body, where the row has to be created', async () => {
    const { post, names } = await withRows();
    const byKey = (name: string, fields: object) =>
      target({ '@odata.id': `contacts(emailaddress1='${name}')`, ...fields });

    const twice = await post(bulk('UpsertMultiple'), {
      Targets: [byKey('a@x', { emailaddress1: 'a@x', lastname: 'A' })],
    });
    const once = await post(bulk('UpsertMultiple'), { Targets: [byKey('a@x', { lastname: 'A' })] });
    const again = await post(bulk('UpsertMultiple'), {
      Targets: [byKey('a@x', { emailaddress1: 'a@x', lastname: 'A2' })],
    });

    expect([twice.status, once.status, again.status]).toEqual([400, 204, 204]);
    expect((await names()).sort()).toEqual(['A2', 'N1', 'N2', 'N3']);
  });

  it('D23 lists the bulk messages of tables that have them, and never UpsertMultiple', async () => {
    const { get } = await withRows();
    const listed = async (message: string, table: string): Promise<number> => {
      const filter = 'sdkmessageid/name eq @message and primaryobjecttypecode eq @table';
      const query = `sdkmessagefilters?$select=sdkmessagefilterid&$filter=${filter}&@message='${message}'&@table='${table}'`;
      return (await get(query, { consistency: 'Strong' })).json.value.length;
    };

    expect(await listed('UpdateMultiple', 'contact')).toBe(1);
    expect(await listed('CreateMultiple', 'msdynci_customerprofile')).toBe(1);
    expect(await listed('UpdateMultiple', 'queue')).toBe(0);
    expect(await listed('UpsertMultiple', 'contact')).toBe(0);
  });

  it('D24 refuses bulk messages that the table does not have', async () => {
    const { post } = await withRows();

    const row = { '@odata.type': 'Microsoft.Dynamics.CRM.queue', queueid: guid(1), name: 'x' };
    const queue = await post(bulk('UpdateMultiple', 'queues'), { Targets: [row] });
    const removal = await post(bulk('DeleteMultiple'), { Targets: [target({ contactid: guid(1) })] });

    expect(queue.status).toBe(400);
    expect(queue.json.error.message).toContain("does not support entities of type 'queue'");
    expect([removal.status, removal.json.error.message]).toEqual([400, 'DeleteMultiple has not yet been implemented.']);
  });
});
