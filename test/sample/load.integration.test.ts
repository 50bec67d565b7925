import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeToken } from '../../local/dataverse/security/token.ts';
import { startDataverse } from '../../local/dataverse/server.ts';
import { loadRows } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { applySecondUnification, loadOrganisation } from '../../local/sample/load.ts';
import type { LinkTruth } from '../../local/sample/organisation.ts';
import { secondUnification } from '../../local/sample/second-unification.ts';
import { verifyLinks } from '../../local/sample/verify-links.ts';

const clientId = '11111111-2222-4333-8444-555555555555';
const organisation = generateOrganisation({ rows: 600, seed: 21 });

let dataverse: Awaited<ReturnType<typeof startDataverse>>;
beforeEach(async () => {
  dataverse = await startDataverse({ port: 0 });
  await loadOrganisation(dataverse.url, { organisation, clientIds: [clientId] });
});
afterEach(() => dataverse.close());

/** A request to the Web API in the linking application's name. */
const ask = (path: string, request: RequestInit = {}) => {
  const token = writeToken(clientId, new URL(dataverse.url).origin, Date.now() + 60_000);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', consistency: 'Strong' };
  return fetch(new URL(`/api/data/v9.2/${path}`, dataverse.url), { ...request, headers });
};

const label = (text: string) => ({ LocalizedLabels: [{ Label: text, LanguageCode: 1033 }] });

/** What linking does first: the lookup column on a source table. */
async function addLinkColumn(table: string): Promise<void> {
  const none = ['Assign', 'Delete', 'Merge', 'Reparent', 'Share', 'Unshare'].map((action) => [action, 'NoCascade']);
  const response = await ask('RelationshipDefinitions', {
    method: 'POST',
    body: JSON.stringify({
      '@odata.type': 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
      SchemaName: `msdynci_customerprofile_${table}`,
      ReferencedEntity: 'msdynci_customerprofile',
      ReferencedAttribute: 'msdynci_customerprofileid',
      ReferencingEntity: table,
      CascadeConfiguration: Object.fromEntries(none),
      Lookup: {
        '@odata.type': 'Microsoft.Dynamics.CRM.LookupAttributeMetadata',
        AttributeType: 'Lookup',
        AttributeTypeName: { Value: 'LookupType' },
        SchemaName: 'msdynci_lookupfield_customerprofile',
        DisplayName: label('Customer Profile'),
        Description: label('Unified profile of this row'),
        RequiredLevel: { Value: 'None' },
      },
    }),
  });
  expect(response.status, await response.text()).toBe(204);
}

/** Links every row as the truth has it. */
async function linkAll({ sourceTables, truth }: LinkTruth): Promise<void> {
  for (const { table, primaryKey } of sourceTables) {
    await addLinkColumn(table);
    const links = [...truth(table)].map(({ id, profileId }) => ({
      [primaryKey]: id,
      msdynci_lookupfield_customerprofile: profileId,
    }));
    await loadRows(dataverse.url, table, links);
  }
}

const sizeOf = (rows: Iterable<unknown>) => [...rows].length;

describe('loading an organisation', () => {
  it('brings every row of every table', async () => {
    for (const { logicalName, entitySetName, primaryId } of organisation.tables) {
      const response = await ask(`${entitySetName}?$select=${primaryId}`);
      const page = (await response.json()) as { value: { [id: string]: string }[] };

      const expected = [...organisation.rowsOf(logicalName)].map((row) => String(row[primaryId]));
      expect(page.value.map((row) => row[primaryId]).sort(), logicalName).toEqual(expected.sort());
    }
  });

  it('keeps the values', async () => {
    const [row] = organisation.rowsOf('msdynci_alternatekey');

    const response = await ask(
      `msdynci_alternatekeys?$filter=msdynci_alternatekeyid eq ${row?.msdynci_alternatekeyid}`,
    );
    const { value } = (await response.json()) as { value: Record<string, unknown>[] };

    expect(value).toEqual([
      expect.objectContaining({
        msdynci_identifier: row?.msdynci_identifier,
        msdynci_keyring: row?.msdynci_keyring,
        _msdynci_lookupfield_customer_value: row?.msdynci_lookupfield_customer,
      }),
    ]);
  });

  it('lets the application link, but not touch what Customer Insights wrote', async () => {
    await addLinkColumn('contact');
    const [link] = [...organisation.truth('contact')].filter(({ profileId }) => profileId !== null);
    const body = JSON.stringify({
      'msdynci_lookupfield_customerprofile@odata.bind': `/msdynci_customerprofiles(${link?.profileId})`,
    });

    const linked = await ask(`contacts(${link?.id})`, { method: 'PATCH', body });
    const refused = await ask(`msdynci_customerprofiles(${link?.profileId})`, {
      method: 'PATCH',
      body: JSON.stringify({ msdynci_loyaltytier: 'Gold' }),
    });

    expect(linked.status, await linked.text()).toBe(204);
    expect(refused.status).toBe(403);
  });

  it('says so when nobody answers', async () => {
    const gone = await startDataverse({ port: 0 });
    await gone.close();

    await expect(loadOrganisation(gone.url, { organisation, clientIds: [] })).rejects.toThrow(
      /POST \/__control\/tables: the Dataverse stand-in at .* does not answer \(ECONNREFUSED\); is it running/,
    );
  });
});

describe('reading the links back', () => {
  it('finds no link before the column is made', async () => {
    const checks = await verifyLinks(dataverse.url, organisation);

    for (const { table, rows, right, wrong } of checks) {
      const links = [...organisation.truth(table)];
      expect({ table, rows, right }).toEqual({
        table,
        rows: links.length,
        right: links.filter(({ profileId }) => profileId === null).length,
      });
      expect(wrong.length).toBe(Math.min(20, rows - right));
      expect(wrong.every(({ found }) => found === null)).toBe(true);
    }
  });

  it('finds every link right when all are', async () => {
    await linkAll(organisation);

    const checks = await verifyLinks(dataverse.url, organisation);

    expect(checks.map(({ table, rows, right, wrong }) => [table, rows, right, wrong])).toEqual(
      [
        ['contact', 240],
        ['lead', 180],
        ['opportunity', 120],
        ['account', 60],
      ].map(([table, rows]) => [table, rows, rows, []]),
    );
  });

  it('names the wrong link, the missing row and the surplus row', async () => {
    await linkAll(organisation);
    const [first, second] = [...organisation.truth('lead')].filter(({ profileId }) => profileId !== null);
    const elsewhere = String([...organisation.rowsOf('msdynci_customerprofile')].at(-1)?.msdynci_customerprofileid);
    const surplus = '99999999-9999-4999-8999-999999999999';
    await loadRows(dataverse.url, 'lead', [
      { leadid: String(first?.id), msdynci_lookupfield_customerprofile: elsewhere },
      { $delete: String(second?.id) },
      { leadid: surplus },
    ]);

    const checks = await verifyLinks(dataverse.url, organisation);

    const leads = checks.find(({ table }) => table === 'lead');
    expect({ rows: leads?.rows, right: leads?.right }).toEqual({ rows: 181, right: 178 });
    expect(leads?.wrong).toHaveLength(3);
    expect(leads?.wrong).toEqual(
      expect.arrayContaining([
        { id: first?.id, expected: first?.profileId, found: elsewhere },
        { id: second?.id, expected: second?.profileId, found: 'absent' },
        { id: surplus, expected: 'absent', found: null },
      ]),
    );
    expect(checks.filter(({ table }) => table !== 'lead').every(({ rows, right }) => rows === right)).toBe(true);
  });

  it('finds after a second unification just the expected links to be wrong', async () => {
    await linkAll(organisation);
    const second = secondUnification(organisation);

    const applied = await applySecondUnification(dataverse.url, second);
    const checks = await verifyLinks(dataverse.url, second);

    expect([...applied].map(([table, count]) => [table, count])).toEqual(
      [...second.changes].map(([table, changes]) => [table, changes.length]),
    );
    for (const { table, rows, right } of checks) {
      const expected = second.expected.get(table);
      expect(rows, table).toBe(sizeOf(second.truth(table)));
      expect(rows - right, table).toBe((expected?.linked ?? 0) + (expected?.relinked ?? 0) + (expected?.cleared ?? 0));
    }
  });

  it('reads tables of several pages, and waits when told to', async () => {
    const larger = generateOrganisation({ rows: 14_000, seed: 3 });
    const control = (path: string, request?: RequestInit) =>
      fetch(new URL(`/__control/${path}`, dataverse.url), request);
    await control('reset', { method: 'POST' });
    await loadOrganisation(dataverse.url, { organisation: larger, clientIds: [] });
    await control('limits', { method: 'POST', body: JSON.stringify({ requestsPerWindow: 5, windowSeconds: 1 }) });

    const checks = await verifyLinks(dataverse.url, larger);

    const stats = (await (await control('stats')).json()) as { throttled: { requests: number } };
    expect(stats.throttled.requests).toBeGreaterThan(0);
    expect(checks.map(({ rows }) => rows)).toEqual([5_600, 4_200, 2_800, 1_400]);
  });
});
