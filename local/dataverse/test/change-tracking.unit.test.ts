import { describe, expect, it } from 'vitest';
import { bulk, guid, linkTarget, makeOrganisation } from './support.ts';

const TRACK = { prefer: 'odata.track-changes' };
const START = Date.parse('2026-03-14T06:30:09Z');

async function withThreeContacts() {
  let time = START;
  const organisation = await makeOrganisation({ now: () => time });
  await organisation.load(
    'contact',
    [1, 2, 3].map((n) => ({ contactid: guid(n), lastname: `N${n}` })),
  );
  const pass = async (): Promise<string> =>
    (await organisation.get('contacts?$select=lastname', TRACK)).json['@odata.deltaLink'];
  const changes = async (link: string) => {
    const { json } = await organisation.get(link);
    return json.value.map((row: Record<string, string>) => row.reason ?? row.lastname);
  };
  return { ...organisation, pass, changes, later: (ms: number) => (time += ms) };
}

describe('change tracking', () => {
  it('D7 answers a tracked read with a delta link whose token is version and time', async () => {
    const { get } = await withThreeContacts();

    const answer = await get('contacts?$select=lastname', TRACK);

    expect(answer.headers['Preference-Applied']).toBe('odata.track-changes');
    expect(answer.json['@odata.deltaLink']).toMatch(
      /^http:\/\/org\.example\/api\/data\/v9\.2\/contacts\?\$select=lastname&\$deltatoken=\d+%2103%2f14%2f2026%2006%3a30%3a09$/,
    );
    expect(answer.json.value.map((row: { lastname: string }) => row.lastname)).toEqual(['N1', 'N2', 'N3']);
  });

  it('D8 lists changed rows by version and then deletions, and counts them', async () => {
    const { pass, get, load, patch, changes } = await withThreeContacts();
    await load('contact', [{ contactid: guid(9), lastname: 'Gone before' }, { $delete: guid(9) }]);
    const link = await pass();

    const none = await get(link);
    await patch(`contacts(${guid(3)})`, { lastname: 'N3b' });
    await load('contact', [{ contactid: guid(4), lastname: 'New' }]);
    await patch(`contacts(${guid(1)})`, { lastname: 'N1b' });
    await load('contact', [
      { contactid: guid(5), lastname: 'Short-lived' },
      { $delete: guid(5) },
      { $delete: guid(2) },
    ]);
    const delta = await get(link);
    const count = await get(link.replace('contacts?$select=lastname&', 'contacts/$count?'));
    const again = await changes(delta.json['@odata.deltaLink']);
    const full = await get('contacts?$select=lastname', TRACK);

    expect(none.json.value).toEqual([]);
    expect(delta.json['@odata.context']).toContain('/$delta');
    expect(delta.json.value.map((row: Record<string, string>) => row.lastname ?? `${row.reason} ${row.id}`)).toEqual([
      'N3b',
      'New',
      'N1b',
      `deleted ${guid(5)}`,
      `deleted ${guid(2)}`,
    ]);
    expect(delta.json.value.at(-1)['@odata.context']).toMatch(/\$metadata#contacts\/\$deletedEntity$/);
    expect(count.text).toBe('5');
    expect(again).toEqual([]);
    expect(full.json.value.map((row: { lastname: string }) => row.lastname)).toEqual(['N3b', 'New', 'N1b']);
  });

  it('D8 pages a drain, and tells what changed meanwhile in the next delta at the latest', async () => {
    const { get, load, patch } = await withThreeContacts();
    await load(
      'contact',
      [4, 5, 6, 7].map((n) => ({ contactid: guid(n), lastname: `N${n}` })),
    );
    const prefer = 'odata.track-changes,odata.maxpagesize=3';
    const seen: string[] = [];
    let link: string | undefined = 'contacts?$select=lastname';
    let deltaLink = '';
    let pages = 0;

    while (link !== undefined) {
      const { json } = await get(link, { prefer });
      seen.push(...json.value.map((row: { lastname: string }) => row.lastname));
      if (++pages === 1) {
        expect(json['@odata.deltaLink']).toBeUndefined();
        expect(json['@odata.nextLink']).toContain('istracking=%22True%22');
        await patch(`contacts(${guid(1)})`, { lastname: 'N1b' });
        await patch(`contacts(${guid(7)})`, { lastname: 'N7b' });
        await load('contact', [{ $delete: guid(6) }]);
      }
      link = json['@odata.nextLink'];
      deltaLink = json['@odata.deltaLink'] ?? deltaLink;
    }
    const next = await get(deltaLink);

    expect(seen.slice(0, 5)).toEqual(['N1', 'N2', 'N3', 'N4', 'N5']);
    expect(seen).toContain('N7b');
    expect(next.json.value.map((row: Record<string, string>) => row.lastname ?? row.id)).toEqual([
      'N1b',
      'N7b',
      guid(6),
    ]);
  });

  it('D9 takes $select but refuses filter, orderby, expand and top', async () => {
    const { get } = await withThreeContacts();

    for (const option of ["$filter=lastname eq 'N1'", '$orderby=lastname', '$expand=new_CustomerId', '$top=1']) {
      const answer = await get(`contacts?${option}`, TRACK);
      const name = option.slice(0, option.indexOf('='));
      expect(answer.status).toBe(400);
      expect(answer.json.error.message).toBe(
        `The "${name}" query parameter isn't supported when Change Tracking is enabled.`,
      );
    }
    expect((await get('contacts?$select=lastname', TRACK)).status).toBe(200);
    expect((await get('accounts?$select=name', TRACK)).status).toBe(400);
  });

  it('D10 lets tokens expire after their days, and with a change of the table', async () => {
    const { pass, get, post, later, control, load } = await withThreeContacts();
    const link = await pass();

    later(7 * 86_400_000);
    const lastMoment = await get(link);
    later(2_000);
    const tooLate = await get(link);
    const fresh = await pass();
    await post('RelationshipDefinitions', relationship);
    const changed = await get(fresh);
    const after = await get(await pass());
    const organisationId = (await get('organizations?$select=name')).json.value[0].organizationid;
    await load('organization', [{ organizationid: organisationId, expirechangetrackingindays: 1 }]);
    const short = await pass();
    later(86_400_000 + 2_000);
    const afterADay = await get(short);
    const nonsense = await get('contacts?$select=lastname&$deltatoken=abc');
    const otherTable = await get(`accounts?$select=name&$deltatoken=1`);

    expect(lastMoment.status).toBe(200);
    for (const expired of [tooLate, changed, afterADay, nonsense]) {
      expect(expired.status).toBe(400);
      expect(expired.json.error).toEqual({
        code: '0x80044352',
        message: 'Version stamp associated with the client has expired. Please perform a full sync.',
      });
    }
    expect(after.status).toBe(200);
    expect(otherTable.status).toBe(400);
    expect((await control('GET', 'stats')).status).toBe(200);
  });

  it('D11 brings every row that was written back in the next delta, changed or not', async () => {
    const { pass, get, post, patch, changes } = await withThreeContacts();
    const link = await pass();
    const before = (await get(`contacts(${guid(1)})?$select=lastname`)).json['@odata.etag'];

    await patch(`contacts(${guid(1)})`, { lastname: 'N1' });
    await post(bulk('UpdateMultiple'), { Targets: [linkTarget(guid(2), guid(50))] });
    const after = (await get(`contacts(${guid(1)})?$select=lastname`)).json['@odata.etag'];

    expect(after).not.toBe(before);
    expect(await changes(link)).toEqual(['N1', 'N2']);
  });
});

const relationship = {
  '@odata.type': 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
  SchemaName: 'new_account_contact_second',
  ReferencedEntity: 'account',
  ReferencingEntity: 'contact',
  Lookup: { SchemaName: 'new_Second', DisplayName: { LocalizedLabels: [{ Label: 'Second', LanguageCode: 1033 }] } },
};
