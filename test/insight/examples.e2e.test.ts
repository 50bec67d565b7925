import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeToken } from '../../local/dataverse/security/token.ts';
import { putPerson } from '../../local/sample/business-units.ts';
import { callStandIn, putApplicationUser } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { linkingPrivileges, loadOrganisation } from '../../local/sample/load.ts';
import { type Row, unificationSetup } from '../../local/sample/organisation.ts';
import { localClientId } from '../../local/stack.ts';
import { RunsClient } from '../../local/start/runs-client.ts';
import type { CustomerProfile } from '../../shared/contracts/profile.ts';
import { principalHeaders } from '../support/principal.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { linkedProfile } from './insight-organisation.ts';

/** What the people of a company do with the link, each with the roles of their work; nothing here is set by hand. */
const link = 'msdynci_lookupfield_customerprofile';
const organisation = generateOrganisation({ rows: 200, seed: 11 });
const insightNames = organisation.tables
  .map(({ schemaName }) => schemaName)
  .filter((name) => name.startsWith('msdynci_'));
const person = (n: number): string => `00000000-0000-4000-8000-00000000010${n}`;
const seller = person(1);
const serviceRepresentative = person(2);
const supportAdmin = person(3);
/** A marketing manager's own tool: it asks Dataverse, and knows nothing of this product. */
const marketingTool = '5b0f3c1e-7a44-4d3e-8a11-0c9d2e6f7a01';

const profiles = new Map(
  [...organisation.rowsOf('msdynci_customerprofile')].map((row) => [row.msdynci_customerprofileid, row]),
);
const measuresOf = (profileId: string): Record<string, unknown> => {
  const row = [...organisation.rowsOf('msdynci_customermeasure')].find(
    (found) => found.msdynci_lookupfield_customer === profileId,
  );
  return JSON.parse(String(row?.msdynci_measures)) as Record<string, unknown>;
};
const linkedRowsOf = (table: string) =>
  [...organisation.truth(table)].flatMap(({ id, profileId }) => (profileId === null ? [] : [{ id, profileId }]));

describe('what a linked row is good for', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack({
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(organisation)),
        BACKSTAMP_SETTLING_INTERVAL_SECONDS: '1',
        WEBSITE_AUTH_ENABLED: 'True',
      },
      hostLogLevel: 'warn',
    });
    const { dataverseUrl, hostUrl, functionKey } = stack;
    await loadOrganisation(dataverseUrl, { organisation, clientIds: [localClientId] });
    await putApplicationUser(dataverseUrl, localClientId, [
      ...linkingPrivileges(organisation),
      'prvActOnBehalfOfAnotherUser',
    ]);
    await putApplicationUser(
      dataverseUrl,
      marketingTool,
      ['Contact', 'Lead', 'msdynci_customerprofile'].map((name) => `prvRead${name}`),
    );
    await putPerson(dataverseUrl, { objectId: seller, reads: ['Lead', ...insightNames], depth: 'Global' });
    await putPerson(dataverseUrl, {
      objectId: serviceRepresentative,
      reads: ['Contact', ...insightNames],
      depth: 'Global',
    });
    await putPerson(dataverseUrl, { objectId: supportAdmin, reads: ['Contact', ...insightNames], depth: 'Global' });
    const client = new RunsClient(hostUrl, functionKey, principalHeaders({ id: seller, roles: ['Backstamp.Reader'] }));
    const run = await client.follow(await client.postEvent('examples'), () => {});
    expect(run.status).toBe('Successful');
  }, 60_000);
  afterAll(() => stack.stop());

  async function profileOf(table: string, id: string, caller: string): Promise<CustomerProfile> {
    const response = await stack.call(`/api/records/${table}/${id}/profile`, {
      headers: { 'x-ms-client-principal-id': caller, 'x-ms-client-principal-idp': 'aad' },
    });
    return linkedProfile(await response.json());
  }
  const measureOf = (profile: CustomerProfile, name: string) =>
    profile.measures.find((measure) => measure.name === name)?.value;

  /** A plain query of Dataverse. */
  async function query(path: string): Promise<Row[]> {
    const token = writeToken(marketingTool, stack.dataverseUrl, Date.now() + 60_000);
    const response = await callStandIn(stack.dataverseUrl, `/api/data/v9.2/${path}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', consistency: 'Strong' },
    });
    return ((await response.json()) as { value: Row[] }).value;
  }

  it('S8 a seller sees lifetime value, lifetime purchases and churn risk of a lead', async () => {
    const leads = linkedRowsOf('lead');
    expect(leads.length).toBeGreaterThan(20);
    for (const { id, profileId } of leads.slice(0, 20)) {
      const profile = await profileOf('lead', id, seller);

      const truth = profiles.get(profileId);
      expect(profile.attributes.msdynci_lifetimevalue).toBe(truth?.msdynci_lifetimevalue);
      expect(measureOf(profile, 'TotalPurchases')).toBe(measuresOf(profileId).TotalPurchases);
      expect(profile.attributes.msdynci_churnrisk).toBe(truth?.msdynci_churnrisk);
      expect(profile.predictions[0]?.values.ChurnRisk).toBe(truth?.msdynci_churnrisk);
    }
  });

  it('S8 the seller, whose role ends at leads, is shown no contact', async () => {
    const [contact] = linkedRowsOf('contact');
    const response = await stack.call(`/api/records/contact/${contact?.id}/profile`, {
      headers: { 'x-ms-client-principal-id': seller },
    });

    expect(response.status).toBe(404);
  });

  it('S9 a marketing team sends each contact on the journey that fits its churn risk', async () => {
    const contacts = await query(`contacts?$select=fullname&$expand=${link}($select=msdynci_churnrisk)`);

    const journeys = Map.groupBy(
      contacts,
      (contact) => (contact[link] as unknown as { msdynci_churnrisk: string } | null)?.msdynci_churnrisk,
    );
    for (const { id, profileId } of organisation.truth('contact')) {
      const risk = profileId === null ? undefined : String(profiles.get(profileId)?.msdynci_churnrisk);
      expect(journeys.get(risk)?.some(({ contactid }) => contactid === id)).toBe(true);
    }
    expect([...journeys.keys()]).toEqual(expect.arrayContaining(['High', 'Medium', 'Low', undefined]));
  });

  it('S10 a service representative sees loyalty tier and churn prediction of a contact', async () => {
    for (const { id, profileId } of linkedRowsOf('contact').slice(0, 20)) {
      const profile = await profileOf('contact', id, serviceRepresentative);

      expect(profile.attributes.msdynci_loyaltytier).toBe(profiles.get(profileId)?.msdynci_loyaltytier);
      expect(profile.predictions.map(({ model }) => model)).toEqual(['SubscriptionChurn']);
      expect(profile.predictions[0]?.values.ChurnScore).toEqual(expect.any(Number));
    }
  });

  it('S11 a sales admin puts lifetime value on the list of leads', async () => {
    const leads = await query(`leads?$select=subject&$expand=${link}($select=msdynci_lifetimevalue)`);

    const shown = new Map(leads.map((lead) => [lead.leadid, lead[link]]));
    for (const { id, profileId } of linkedRowsOf('lead')) {
      const value = profiles.get(profileId)?.msdynci_lifetimevalue;
      expect(shown.get(id)).toMatchObject({ msdynci_lifetimevalue: value });
    }
  });

  it('S12 a support admin sees how many support issues a contact had last month, last year and ever', async () => {
    for (const { id, profileId } of linkedRowsOf('contact').slice(0, 20)) {
      const profile = await profileOf('contact', id, supportAdmin);

      const { SupportCasesLastMonth, SupportCasesLastYear, SupportCasesLifetime } = measuresOf(profileId);
      expect(measureOf(profile, 'SupportCasesLastMonth')).toBe(SupportCasesLastMonth);
      expect(measureOf(profile, 'SupportCasesLastYear')).toBe(SupportCasesLastYear);
      expect(measureOf(profile, 'SupportCasesLifetime')).toBe(SupportCasesLifetime);
      expect(Number(SupportCasesLifetime)).toBeGreaterThanOrEqual(Number(SupportCasesLastYear));
    }
  });

  it('S13 a marketing manager lists contacts by loyalty tier with one plain query', async () => {
    const fetchXml = `
      <fetch>
        <entity name="contact">
          <attribute name="contactid" />
          <attribute name="fullname" />
          <link-entity name="msdynci_customerprofile" from="msdynci_customerprofileid" to="${link}" link-type="outer" alias="profile">
            <attribute name="msdynci_loyaltytier" />
          </link-entity>
        </entity>
      </fetch>`;

    const fetched = await query(`contacts?fetchXml=${encodeURIComponent(fetchXml)}`);
    const expanded = await query(`contacts?$select=contactid&$expand=${link}($select=msdynci_loyaltytier)`);

    const truth = new Map(
      [...organisation.truth('contact')].map(({ id, profileId }) => [
        id,
        profileId === null ? undefined : profiles.get(profileId)?.msdynci_loyaltytier,
      ]),
    );
    expect(new Map(fetched.map((row) => [row.contactid, row['profile.msdynci_loyaltytier']]))).toEqual(truth);
    const tierOf = (row: Row) => (row[link] as unknown as { msdynci_loyaltytier: string } | null)?.msdynci_loyaltytier;
    expect(new Map(expanded.map((row) => [row.contactid, tierOf(row)]))).toEqual(truth);
    expect(new Set(truth.values()).size).toBeGreaterThan(3);
  });
});
