import { describe, expect, it } from 'vitest';
import { batchBody, guid, makeOrganisation, part } from './support.ts';

const CONTENT = { 'content-type': 'multipart/mixed; boundary="batch_1"' };

async function withContacts() {
  const organisation = await makeOrganisation();
  await organisation.load(
    'contact',
    [1, 2, 3].map((n) => ({ contactid: guid(n), lastname: `N${n}` })),
  );
  const names = async (): Promise<string[]> =>
    (await organisation.get('contacts?$select=lastname')).json.value.map((row: { lastname: string }) => row.lastname);
  const sendBody = (body: string) => organisation.post('$batch', body, CONTENT);
  return { ...organisation, names, sendBody };
}

const statuses = (text: string) => [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
const rename = (n: number, lastname: string) =>
  part('PATCH', `contacts(${guid(n)})`, { lastname }, { 'If-Match': '*' });

describe('$batch', () => {
  it('D25 runs in order, and ends at the first error unless told to go on', async () => {
    const { batch, names } = await withContacts();
    const parts = [
      rename(1, 'A'),
      rename(9, 'B'),
      rename(2, 'C'),
      part('GET', `contacts(${guid(2)})?$select=lastname`),
    ];

    const stopped = await batch(parts);
    const afterStop = await names();
    const all = await batch(parts, { prefer: 'odata.continue-on-error' });

    expect([stopped.status, statuses(stopped.text)]).toEqual([404, [204, 404]]);
    expect(afterStop).toEqual(['A', 'N2', 'N3']);
    expect([all.status, statuses(all.text)]).toEqual([200, [204, 404, 204, 200]]);
    expect(all.headers['Content-Type']).toMatch(/^multipart\/mixed; boundary=batchresponse_/);
    expect(all.text).toContain('"lastname":"C"');
    expect(all.text).toContain('odata.streaming=true');
    expect(all.text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it('D26 cannot read a body whose lines end otherwise than in CRLF, the last one included', async () => {
    const { sendBody, names } = await withContacts();
    const body = batchBody([rename(1, 'A')]);

    const answers = [
      await sendBody(body.replaceAll('\r\n', '\n')),
      await sendBody(body.slice(0, -2)),
      await sendBody(body.replace('\r\n', '\n')),
    ];

    for (const answer of answers) {
      expect([answer.status, statuses(answer.text)]).toEqual([400, [400]]);
      expect(answer.text).toContain('"code":"0x80048d19"');
      expect(answer.text).toContain('Stream was not readable.');
    }
    expect(await names()).toEqual(['N1', 'N2', 'N3']);
  });

  it('D27 refuses more than 1,000 parts, a batch in a batch, and GET in a change set', async () => {
    const { batch, sendBody } = await withContacts();
    const read = part('GET', `contacts(${guid(1)})?$select=lastname`);

    const fits = await batch(Array.from({ length: 1_000 }, () => read));
    const tooMany = await batch(Array.from({ length: 1_001 }, () => read));
    const nested = await batch([part('POST', '$batch', {})]);
    const readInSet = await sendBody(batchBody([[read]]));

    expect(fits.status).toBe(200);
    expect(statuses(fits.text)).toHaveLength(1_000);
    expect([tooMany.status, nested.status, readInSet.status]).toEqual([400, 400, 400]);
  });

  it('D28 a failing change set changes nothing, and references reach only what came before', async () => {
    const { sendBody, names, load, get } = await withContacts();
    await load('account', [{ accountid: guid(100), name: 'Harbour' }]);
    const delta = (await get('contacts?$select=lastname', { prefer: 'odata.track-changes' })).json['@odata.deltaLink'];

    const failing = await sendBody(
      batchBody([[rename(1, 'A'), part('POST', 'contacts', { lastname: 'New' }), rename(9, 'B')]]),
    );
    const afterwards = await names();
    const unchanged = await get(delta);
    const created = part('POST', 'accounts', { name: 'Mill' });
    const bound = part('POST', 'contacts', { lastname: 'Bound', 'new_CustomerId@odata.bind': '$1' });
    const fine = await sendBody(batchBody([[created, bound]]));
    const forward = await sendBody(
      batchBody([[part('POST', 'contacts', { lastname: 'F', 'new_CustomerId@odata.bind': '$2' }), created]]),
    );
    const rows = await get(
      "contacts?$select=lastname&$expand=new_CustomerId($select=name)&$filter=lastname eq 'Bound'",
    );

    expect([failing.status, statuses(failing.text)]).toEqual([404, [404]]);
    expect(afterwards).toEqual(['N1', 'N2', 'N3']);
    expect(unchanged.json.value).toEqual([]);
    expect(fine.status).toBe(200);
    expect(fine.text).toMatch(/Content-ID: 1\r\n/);
    expect(rows.json.value[0].new_CustomerId.name).toBe('Mill');
    expect(forward.status).toBe(400);
    expect(forward.text).toContain("Content-ID Reference: '$2' does not exist in the batch context.");
  });

  it('lets a single row fail on demand, in a batch as elsewhere', async () => {
    const { batch, control, patch, names } = await withContacts();
    const fault = { status: 400, code: '0x80040265', message: 'Rejected by a plug-in.' };
    await control('POST', 'faults', { match: { rowId: guid(2) }, times: 2, fault });

    const parts = [rename(1, 'A'), rename(2, 'B'), rename(3, 'C')];
    const all = await batch(parts, { prefer: 'odata.continue-on-error' });
    const single = await patch(`contacts(${guid(2)})`, { lastname: 'B' });
    const spent = await patch(`contacts(${guid(2)})`, { lastname: 'B2' });

    expect([all.status, statuses(all.text)]).toEqual([200, [204, 400, 204]]);
    expect([single.status, single.json.error]).toEqual([400, { code: fault.code, message: fault.message }]);
    expect(spent.status).toBe(204);
    expect(await names()).toEqual(['A', 'B2', 'C']);
  });
});
