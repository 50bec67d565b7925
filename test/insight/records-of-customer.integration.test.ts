import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRows } from '../../local/sample/control-plane.ts';
import { answerRequest } from '../../shared/api/route-handler.ts';
import { showCustomerRecords } from '../../shared/api/show-customer-records.ts';
import { customerRecordsSchema } from '../../shared/contracts/customer-records.ts';
import { bodyOf, request } from '../api/requests.ts';
import { type InsightOrganisation, startInsight } from './insight-organisation.ts';

describe('all rows of a customer', () => {
  let insight: InsightOrganisation;
  beforeAll(async () => {
    insight = await startInsight();
  });
  afterAll(() => insight.close());

  const ask = async (customerId: string) => {
    const asked = request('GET', `/api/customers/${encodeURIComponent(customerId)}/records`, {
      params: { customerId },
    });
    const answer = await answerRequest(insight.partsFor(), showCustomerRecords, asked);
    return { status: answer.status ?? 0, body: bodyOf(answer) };
  };
  const mapRowsByCustomer = () =>
    Map.groupBy(insight.organisation.rowsOf('msdynci_alternatekey'), (row) => String(row.msdynci_customerid));

  it('are those that the map has, with the tables that have several of them', async () => {
    let severals = 0;
    for (const [customerId, mapRows] of mapRowsByCustomer()) {
      const told = customerRecordsSchema.parse((await ask(customerId)).body);

      expect(told.records.map(({ mapRowId }) => mapRowId).sort()).toEqual(
        mapRows.map((row) => String(row.msdynci_alternatekeyid)).sort(),
      );
      const truth = insight.organisation.sourceTables.flatMap(({ table }) =>
        [...insight.organisation.truth(table)]
          .filter(({ profileId }) => profileId === mapRows[0]?.msdynci_lookupfield_customer)
          .map(({ id }) => `${table} ${id}`),
      );
      const ofDataverse = told.records.filter(({ table }) => table !== null);
      expect(ofDataverse.map(({ table, key }) => `${table} ${key}`).sort()).toEqual(truth.sort());
      for (const { table, rows } of told.tablesWithSeveral) {
        expect(truth.filter((one) => one.startsWith(`${table} `))).toHaveLength(rows);
        severals++;
      }
    }
    expect(severals).toBeGreaterThan(0);
  });

  it('cost one request once metadata is known', async () => {
    const [customerId = ''] = mapRowsByCustomer().keys();
    await ask(customerId);
    const before = await insight.stats();
    await ask(customerId);
    expect((await insight.stats()).requests.total - before.requests.total).toBe(1);
  });

  it('are one where two map rows name it', async () => {
    const [first] = insight.organisation.rowsOf('msdynci_alternatekey');
    const customerId = "O'Hara & ];'\" 7";
    const again = (key: string) => ({
      ...first,
      msdynci_alternatekeyid: crypto.randomUUID(),
      msdynci_customerid: customerId,
      msdynci_alternatevalue: key,
    });
    const id = '0b6c5f0e-6b0a-4d5e-9d55-0a4a6a1f3c11';
    const [source] = insight.partsFor().options.setup.tables;
    const named = { msdynci_datasourcename: source?.dataSource ?? '', msdynci_entityname: source?.entity ?? '' };
    await loadRows(insight.url, 'msdynci_alternatekey', [
      { ...again(id), ...named },
      { ...again(`{${id.toUpperCase()}}`), ...named },
    ]);

    const { body } = await ask(customerId);

    expect(body).toMatchObject({ customerId, records: [{ key: id }, { key: id }], tablesWithSeveral: [] });
  });

  it.each([
    ['nobody', 'f'.repeat(32), 404],
    ['no id', ' ', 400],
    ['more than an id', 'a'.repeat(101), 400],
    ['a control character', 'a\u0000b', 400],
  ])('are refused for %s', async (_, customerId, status) => {
    expect(await ask(customerId)).toMatchObject({ status, body: { status, detail: expect.any(String) } });
  });
});
