import { describe, expect, it } from 'vitest';
import { batchBody, guid, makeOrganisation, part } from './support.ts';

const SET = 'msdynci_customerprofiles';

describe('elastic tables', () => {
  it('D42 finds a row by key and partition, which is the key by default', async () => {
    const { get, patch, load } = await makeOrganisation();
    await load('msdynci_customerprofile', [{ msdynci_customerprofileid: guid(1), msdynci_customerid: 'plain' }]);
    const inPartition = `${SET}(msdynci_customerprofileid=${guid(2)},partitionid='north')`;

    const created = await patch(inPartition, { msdynci_customerid: 'north' });
    const whole = await get(inPartition);
    const keyOnly = await get(`${SET}(${guid(2)})`);
    const byDefault = await get(`${SET}(msdynci_customerprofileid=${guid(1)},partitionid='${guid(1)}')`);
    const listed = await get(`${SET}?$select=partitionid&$filter=msdynci_customerprofileid eq ${guid(2)}`);

    expect(created.status).toBe(204);
    expect(whole.json).toMatchObject({ msdynci_customerid: 'north', partitionid: 'north' });
    expect(keyOnly.status).toBe(404);
    expect(byDefault.json).toMatchObject({ msdynci_customerid: 'plain', partitionid: guid(1) });
    expect(listed.json.value).toEqual([expect.objectContaining({ partitionid: 'north' })]);
  });

  it('D42 may show the previous state to readers without the session token', async () => {
    let time = Date.parse('2026-03-14T06:30:00Z');
    const { get, patch, load, control } = await makeOrganisation({ now: () => time });
    await load('msdynci_customerprofile', [{ msdynci_customerprofileid: guid(1), msdynci_customerid: 'old' }]);
    await control('POST', 'limits', { elasticStalenessMs: 2_000 });

    const written = await patch(`${SET}(${guid(1)})`, { msdynci_customerid: 'new' });
    const created = await patch(`${SET}(${guid(2)})`, { msdynci_customerid: 'second' });
    const token = written.headers['x-ms-session-token'] ?? '';
    const latest = created.headers['x-ms-session-token'] ?? '';
    const names = async (headers: Record<string, string> = {}) =>
      (await get(`${SET}?$select=msdynci_customerid`, headers)).json.value.map(
        (row: Record<string, string>) => row.msdynci_customerid,
      );
    const without = await names();
    const single = await get(`${SET}(${guid(1)})?$select=msdynci_customerid`);
    const absent = await get(`${SET}(${guid(2)})`);
    const withFirst = await names({ 'mscrm.sessiontoken': token });
    const withLatest = await names({ 'mscrm.sessiontoken': latest });
    time += 2_001;
    const later = await names();

    expect(without).toEqual(['old']);
    expect(single.json.msdynci_customerid).toBe('old');
    expect(absent.status).toBe(404);
    expect(withFirst).toEqual(['new']);
    expect(withLatest).toEqual(['new', 'second']);
    expect(later).toEqual(['new', 'second']);
  });

  it('keep what a failing change set wrote to them', async () => {
    const { post, get, load } = await makeOrganisation();
    await load('msdynci_customerprofile', [{ msdynci_customerprofileid: guid(1), msdynci_customerid: 'old' }]);
    await load('contact', [{ contactid: guid(1), lastname: 'old' }]);
    const set = [
      part('PATCH', `${SET}(${guid(1)})`, { msdynci_customerid: 'new' }),
      part('PATCH', `contacts(${guid(1)})`, { lastname: 'new' }),
      part('PATCH', `contacts(${guid(9)})`, { lastname: 'new' }, { 'If-Match': '*' }),
    ];

    const failed = await post('$batch', batchBody([set]), { 'content-type': 'multipart/mixed; boundary="batch_1"' });

    expect(failed.status).toBe(404);
    expect((await get(`${SET}(${guid(1)})`)).json.msdynci_customerid).toBe('new');
    expect((await get(`contacts(${guid(1)})`)).json.lastname).toBe('old');
  });
});
