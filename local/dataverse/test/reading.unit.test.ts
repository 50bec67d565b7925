import { describe, expect, it } from 'vitest';
import { guid, makeOrganisation } from './support.ts';

const contacts = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    contactid: guid(i + 1),
    lastname: `Name ${i + 1}`,
    numberofchildren: i % 3,
  }));

async function readAll(
  get: (path: string, headers?: Record<string, string>) => Promise<{ json: unknown }>,
  path: string,
  size: number,
) {
  const rows: Record<string, unknown>[] = [];
  const sizes: number[] = [];
  for (let link: string | undefined = path; link !== undefined; ) {
    const { json } = await get(link, { prefer: `odata.maxpagesize=${size}` });
    const page = json as { value: Record<string, unknown>[]; '@odata.nextLink'?: string };
    rows.push(...page.value);
    sizes.push(page.value.length);
    link = page['@odata.nextLink'];
  }
  return { rows, sizes };
}

describe('queries', () => {
  it('D3 pages by the size asked for, with a skiptoken in the service form, and refuses what it does not support', async () => {
    const { get, load } = await makeOrganisation();
    await load('contact', contacts(5));

    const first = await get('contacts?$select=lastname', { prefer: 'odata.maxpagesize=2' });
    const { rows, sizes } = await readAll(get, 'contacts?$select=lastname', 2);

    expect(first.headers['Preference-Applied']).toBe('odata.maxpagesize=2');
    expect(first.json['@odata.nextLink']).toBe(
      'http://org.example/api/data/v9.2/contacts?$select=lastname&$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22' +
        '%253ccookie%2520page%253d%25221%2522%253e%253ccontactid%2520last%253d%2522%257b00000000-0000-4000-8000-000000000002%257d%2522%2520' +
        'first%253d%2522%257b00000000-0000-4000-8000-000000000001%257d%2522%2520%252f%253e%253c%252fcookie%253e%22%20istracking=%22False%22%20/%3E',
    );
    expect(sizes).toEqual([2, 2, 1]);
    expect(rows.map((row) => row.contactid)).toEqual([1, 2, 3, 4, 5].map(guid));
    for (const option of ['$skip=1', '$search=x', '$format=json']) {
      expect((await get(`contacts?${option}`)).status).toBe(400);
    }
  });

  it('D3 gives 5,000 rows at most, however many are asked for', async () => {
    const { get, load } = await makeOrganisation();
    await load('contact', contacts(5_001));

    const { sizes } = await readAll(get, 'contacts?$select=lastname', 9_999);
    const without = await get('contacts?$select=lastname');

    expect(sizes).toEqual([5_000, 1]);
    expect(without.json.value).toHaveLength(5_000);
  });

  it('D4 refuses a GET whose URL is longer than 32,768 characters, in a batch than 65,536', async () => {
    const { get, batch } = await makeOrganisation();
    const url = (length: number) => {
      const path = "contacts?$select=lastname&$filter=lastname eq '";
      return `${path}${'x'.repeat(length - path.length - 'http://org.example/api/data/v9.2/'.length - 1)}'`;
    };

    const fits = await get(url(32_768));
    const tooLong = await get(url(32_769));
    const inBatch = await batch([
      `GET http://org.example/api/data/v9.2/${url(60_000).replaceAll(' ', '%20')} HTTP/1.1\r\n\r\n`,
    ]);
    const longInBatch = await batch([
      `GET http://org.example/api/data/v9.2/${url(66_000).replaceAll(' ', '%20')} HTTP/1.1\r\n\r\n`,
    ]);

    expect(fits.status).toBe(200);
    expect(tooLong.status).toBe(400);
    expect(inBatch.status).toBe(200);
    expect(longInBatch.status).toBe(400);
  });

  it('D5 finds exactly the listed rows with In, whatever the casing of text', async () => {
    const { get, load } = await makeOrganisation();
    await load('contact', [
      { contactid: guid(1), lastname: 'RAVN' },
      { contactid: guid(2), lastname: "O'Hara" },
      { contactid: guid(3), lastname: 'Tyne' },
    ]);
    const listed = (column: string, values: unknown) =>
      get(
        `contacts?$select=lastname&$filter=Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)&@p1='${column}'&@p2=${typeof values === 'string' ? values : JSON.stringify(values)}`,
      );

    const names = await listed('lastname', ['ravn', "O'Hara"]);
    const ids = await listed('contactid', [guid(3).toUpperCase(), guid(9)]);
    const badQuotes = await listed('lastname', "['O'Hara']");
    const unterminated = await get("contacts?$filter=lastname eq 'O'Bryan'");

    expect(names.json.value.map((row: { lastname: string }) => row.lastname)).toEqual(['RAVN', "O'Hara"]);
    expect(ids.json.value.map((row: { contactid: string }) => row.contactid)).toEqual([guid(3)]);
    expect(badQuotes.json.error.message).toContain("A comma character ',' was expected in scope 'Array'");
    expect(unterminated.json.error.message).toBe(
      "There is an unterminated literal at position 21 in 'lastname eq 'O'Bryan''.",
    );
  });

  it('D6 counts no further than 5,000, aggregates no more than 50,000 rows, and may tell old totals', async () => {
    let now = Date.parse('2026-03-14T06:30:00Z');
    const { get, load, control } = await makeOrganisation({ now: () => now });
    await load('contact', contacts(5_200));
    const annotations = 'Microsoft.Dynamics.CRM.totalrecordcount,Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded';
    const prefer = `odata.include-annotations="${annotations}"`;

    const many = await get('contacts?$select=lastname&$count=true', { prefer });
    const few = await get('contacts?$select=lastname&$count=true&$filter=numberofchildren eq 1', { prefer });
    const uncounted = await get('contacts?$select=lastname', { prefer });
    const plain = await get('contacts/$count');
    const groups = await get('contacts?$apply=groupby((numberofchildren),aggregate($count as count))');
    await control('POST', 'limits', { recordCountLagSeconds: 86_400 });
    const before = await get('RetrieveTotalRecordCount(EntityNames=@p1)?@p1=["contact"]');
    await load('contact', contacts(50_100).slice(5_200));
    const soon = await get('RetrieveTotalRecordCount(EntityNames=@p1)?@p1=["contact"]');
    now += 86_400_001;
    const later = await get('RetrieveTotalRecordCount(EntityNames=@p1)?@p1=["contact"]');
    const tooMany = await get('contacts?$apply=groupby((numberofchildren),aggregate($count as count))');

    expect(many.json['@odata.count']).toBe(5_000);
    expect(many.json['@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded']).toBe(true);
    expect(few.json['@odata.count']).toBe(1_733);
    expect(few.json['@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded']).toBe(false);
    expect(uncounted.json['@Microsoft.Dynamics.CRM.totalrecordcount']).toBe(-1);
    expect(plain.text).toBe('5000');
    expect(groups.json.value).toEqual([
      { numberofchildren: 0, count: 1_734 },
      { numberofchildren: 1, count: 1_733 },
      { numberofchildren: 2, count: 1_733 },
    ]);
    const total = (answer: typeof before) => answer.json.EntityRecordCountCollection.Values;
    expect([total(before), total(soon), total(later)]).toEqual([[5_200], [5_200], [50_100]]);
    expect(tooMany.json.error.code).toBe('0x8004E023');
  });

  it('filters by related rows, sorts and pages by any column, and expands both ways', async () => {
    const { get, load } = await makeOrganisation();
    await load('account', [
      { accountid: guid(100), name: 'Harbour' },
      { accountid: guid(101), name: 'Mill' },
    ]);
    await load(
      'contact',
      [3, 1, 2].map((n, i) => ({
        contactid: guid(i + 1),
        lastname: `N${n}`,
        new_customerid: guid(n === 2 ? 101 : 100),
      })),
    );

    const related = await get("contacts?$select=lastname&$filter=new_CustomerId/name eq 'mill'");
    const expanded = await get('contacts?$select=lastname&$expand=new_CustomerId($select=name)&$orderby=lastname desc');
    const { rows } = await readAll(get, 'contacts?$select=lastname&$orderby=lastname', 1);
    const collection = await get(
      "accounts?$select=name&$expand=new_account_contact($select=lastname;$filter=lastname ne 'N3')",
    );
    const followed = await get(`accounts(${guid(100)})/new_account_contact?$select=lastname`);

    expect(related.json.value.map((row: { lastname: string }) => row.lastname)).toEqual(['N2']);
    expect(expanded.json.value.map((row: { new_CustomerId: { name: string } }) => row.new_CustomerId.name)).toEqual([
      'Harbour',
      'Mill',
      'Harbour',
    ]);
    expect(rows.map((row) => row.lastname)).toEqual(['N1', 'N2', 'N3']);
    expect(collection.json.value[0].new_account_contact.map((row: { lastname: string }) => row.lastname)).toEqual([
      'N1',
    ]);
    expect(collection.json.value[0]['new_account_contact@odata.nextLink']).toContain(
      `accounts(${guid(100)})/new_account_contact`,
    );
    expect(followed.json.value).toHaveLength(2);
  });

  it('answers FetchXML with links, conditions and orders', async () => {
    const { get, load } = await makeOrganisation();
    await load('account', [{ accountid: guid(100), name: 'Harbour' }]);
    await load('contact', [
      { contactid: guid(1), lastname: 'Ravn', new_customerid: guid(100) },
      { contactid: guid(2), lastname: 'Tyne' },
      { contactid: guid(3), lastname: 'Rask', new_customerid: guid(100) },
    ]);
    const fetch = (type: string) =>
      get(
        `contacts?fetchXml=${encodeURIComponent(`<fetch><entity name="contact"><attribute name="lastname"/><order attribute="lastname" descending="true"/>
          <filter><condition attribute="lastname" operator="like" value="%a%"/></filter>
          <link-entity name="account" from="accountid" to="new_customerid" alias="a" link-type="${type}"><attribute name="name"/>
          <filter type="or"><condition attribute="name" operator="eq" value="Harbour"/><condition attribute="name" operator="null"/></filter></link-entity></entity></fetch>`)}`,
      );

    const inner = await fetch('inner');
    const outer = await get(
      `contacts?fetchXml=${encodeURIComponent('<fetch><entity name="contact"><attribute name="lastname"/><link-entity name="account" from="accountid" to="new_customerid" alias="a" link-type="outer"><attribute name="name"/></link-entity></entity></fetch>')}`,
    );

    expect(inner.json.value.map((row: Record<string, string>) => [row.lastname, row['a.name']])).toEqual([
      ['Ravn', 'Harbour'],
      ['Rask', 'Harbour'],
    ]);
    expect(outer.json.value.map((row: Record<string, string>) => row['a.name'])).toEqual([
      'Harbour',
      undefined,
      'Harbour',
    ]);
  });

  it('computes aggregates of FetchXML, over joins too, in the order of their aliases', async () => {
    const { get, load } = await makeOrganisation();
    const accounts = ['Harbour', 'Mill'].map((name, n) => ({ accountid: guid(100 + n), name }));
    await load('account', accounts);
    const born = ['1990-03-01T00:00:00Z', '1990-11-05T00:00:00Z', '1991-02-01T00:00:00Z'];
    await load(
      'contact',
      [2, 3, undefined].map((numberofchildren, n) => ({
        ...{ contactid: guid(n + 1), lastname: n === 1 ? 'Tyne' : 'Ravn', birthdate: born[n] },
        ...{ new_customerid: guid(n === 2 ? 101 : 100), numberofchildren },
      })),
    );
    const ask = async (attributes: string) => {
      const xml = `<fetch aggregate="true"><entity name="contact">${attributes}</entity></fetch>`;
      const { status, json } = await get(`contacts?fetchXml=${encodeURIComponent(xml)}`);
      return status === 200 ? json.value : [status, json.error.code];
    };
    const children = (aggregate: string, alias: string, more = '') =>
      `<attribute name="numberofchildren" aggregate="${aggregate}" alias="${alias}" ${more}/>`;
    const all = ['count', 'countcolumn', 'sum', 'avg', 'min', 'max'].map((name) => children(name, name)).join('');
    const byYear = '<attribute name="birthdate" groupby="true" dategrouping="year" alias="year"/>';
    const account = `<link-entity name="account" from="accountid" to="new_customerid" alias="a">
      <attribute name="name" groupby="true" alias="account"/></link-entity>`;

    expect(await ask(all)).toEqual([{ count: 3, countcolumn: 2, sum: 5, avg: 2.5, min: 2, max: 3 }]);
    expect(await ask('<attribute name="lastname" aggregate="countcolumn" distinct="true" alias="names"/>')).toEqual([
      { names: 2 },
    ]);
    expect(await ask(`${byYear}${children('count', 'n')}<order alias="n" descending="true"/>`)).toEqual([
      { year: 1990, n: 2 },
      { year: 1991, n: 1 },
    ]);
    expect(await ask(`${children('sum', 'children')}<order alias="children"/>${account}`)).toEqual([
      { account: 'Mill', children: null },
      { account: 'Harbour', children: 5 },
    ]);
    expect(await ask('<attribute name="lastname"/>')).toEqual([400, '0x80041107']);
    expect(await ask('<attribute name="lastname" aggregate="count"/>')).toEqual([400, '0x8004110B']);
    expect(await ask(`${children('sum', 'n')}<order alias="m"/>`)).toEqual([400, '0x8004110A']);
    expect(await ask('<attribute name="lastname" aggregate="sum" alias="n"/>')).toEqual([400, '0x80041107']);
    expect(await ask(children('median', 'n'))).toEqual([400, '0x80041129']);
  });
});
