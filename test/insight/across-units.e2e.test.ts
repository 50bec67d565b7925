import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { businessUnits, keepUnitsApart, unitOfCustomer } from '../../local/sample/business-units.ts';
import { loadRows, putApplicationUser } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { localClientId } from '../../local/stack.ts';
import { RunsClient } from '../../local/start/runs-client.ts';
import type { RowList } from '../../shared/api/schemas.ts';
import { doctorReportSchema } from '../../shared/contracts/doctor-report.ts';
import type { RunWithTasks } from '../../shared/contracts/run.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const organisation = generateOrganisation({ rows: 300, seed: 5 });
const [north, south] = businessUnits;
const teams = [
  { businessUnit: north.name, team: `${north.name} customers` },
  { businessUnit: 'East', team: 'East customers' },
];
const profiles = new Map(
  [...organisation.rowsOf('msdynci_customerprofile')].map((row) => [
    row.msdynci_customerprofileid,
    String(row.msdynci_customerid),
  ]),
);
/** Linked contacts of one unit, by the unit of their profile. */
const contactsOf = (unit: { readonly id: string }) =>
  [...organisation.truth('contact')].filter(
    ({ profileId }) => profileId !== null && unitOfCustomer(profiles.get(profileId) ?? '').id === unit.id,
  );

describe('links across business units', () => {
  let stack: TestStack;
  let client: RunsClient;
  beforeAll(async () => {
    stack = await startTestStack({
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify({ ...unificationSetup(organisation), businessUnits: { teams } }),
        BACKSTAMP_SETTLING_INTERVAL_SECONDS: '1',
        BACKSTAMP_PAGE_SIZE: '50',
      },
      hostLogLevel: 'warn',
    });
    client = new RunsClient(stack.hostUrl, stack.functionKey);
    await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [localClientId] });
    await keepUnitsApart(stack.dataverseUrl, organisation);
  }, 60_000);
  afterAll(() => stack.stop());

  const moveTo = (unit: { readonly teamId: string }, rows: readonly { readonly id: string }[]) =>
    loadRows(
      stack.dataverseUrl,
      'contact',
      rows.map(({ id }) => ({ contactid: id, ownerid: unit.teamId })),
    );
  const detailOf = (run: RunWithTasks, table: string) =>
    run.tasks.find((task) => task.table === table)?.details.find((line) => line.includes('another business unit'));
  async function acrossIn(run: RunWithTasks): Promise<RowList['rows']> {
    const response = await stack.call(`/api/runs/${run.runId}/tables/contact/rows?outcome=acrossUnits`);
    return ((await response.json()) as RowList).rows;
  }
  async function walk(): Promise<RunWithTasks> {
    const response = await stack.call('/api/runs', { method: 'POST', body: JSON.stringify({ mode: 'reconcile' }) });
    return client.follow(((await response.json()) as { runId: string }).runId, () => {});
  }

  it('are counted and listed by the very first run, and stay', async () => {
    const moved = contactsOf(north).slice(0, 4);
    await moveTo(south, moved);

    const run = await client.follow(await client.postEvent('across-1'), () => {});

    expect(run.status).toBe('Successful');
    const linked = [...organisation.truth('contact')].filter(({ profileId }) => profileId !== null).length;
    expect(detailOf(run, 'contact')).toBe(
      `4 of ${linked} linked rows lead to a profile of another business unit; they are listed as acrossUnits.`,
    );
    expect(detailOf(run, 'lead')).toMatch(/^0 of \d+ linked rows/);
    const rows = await acrossIn(run);
    expect(rows.map(({ id, profileId }) => ({ id, profileId })).sort((a, b) => a.id.localeCompare(b.id))).toEqual(
      moved.toSorted((a, b) => a.id.localeCompare(b.id)),
    );
    expect(rows[0]?.reason).toBe(
      `The row belongs to business unit ${south.id}, its profile to business unit ${north.id}.`,
    );
  });

  it('are counted anew by each walk, since owners change without a unification', async () => {
    await moveTo(north, contactsOf(north));
    const moved = contactsOf(south).slice(0, 7);
    await moveTo(north, moved);

    const run = await walk();

    expect(detailOf(run, 'contact')).toMatch(/^7 of /);
    expect((await acrossIn(run)).map(({ id }) => id).sort()).toEqual(moved.map(({ id }) => id).sort());
    expect(run.tasks.map(({ counters }) => counters.cleared + counters.relinked)).toEqual([0, 0, 0, 0]);
  });
});

describe('the doctor', () => {
  it('looks at business units where they are kept apart', async () => {
    const stack = await startTestStack({
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify({ ...unificationSetup(organisation), businessUnits: { teams } }),
      },
      hostLogLevel: 'warn',
    });
    try {
      await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [] });
      await putApplicationUser(stack.dataverseUrl, localClientId, 'all');
      await keepUnitsApart(stack.dataverseUrl, organisation);

      const response = await stack.call('/api/doctor', { method: 'POST', body: '{}' });

      const { checks } = doctorReportSchema.parse(await response.json());
      const codesOf = (subject: string) => checks.filter((check) => check.subject === subject).map(({ code }) => code);
      expect(codesOf('East')).toEqual(['unit-missing']);
      expect(codesOf('North customers')).toEqual(['team-role', 'team-role']);
    } finally {
      await stack.stop();
    }
  }, 60_000);
});

describe('where business units are not kept apart', () => {
  it('nothing is said of them', async () => {
    const stack = await startTestStack({
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(organisation)),
        BACKSTAMP_SETTLING_INTERVAL_SECONDS: '1',
      },
      hostLogLevel: 'warn',
    });
    try {
      const client = new RunsClient(stack.hostUrl, stack.functionKey);
      await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [localClientId] });

      const run = await client.follow(await client.postEvent('across-none'), () => {});

      expect(run.status).toBe('Successful');
      expect(JSON.stringify(run)).not.toContain('business unit');
    } finally {
      await stack.stop();
    }
  }, 60_000);
});
