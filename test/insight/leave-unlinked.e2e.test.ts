import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { businessUnits, keepUnitsApart, unitOfCustomer } from '../../local/sample/business-units.ts';
import { loadRows } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { verifyLinks } from '../../local/sample/verify-links.ts';
import { localClientId } from '../../local/stack.ts';
import { RunsClient } from '../../local/start/runs-client.ts';
import type { RowList } from '../../shared/api/schemas.ts';
import type { RunWithTasks } from '../../shared/contracts/run.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const organisation = generateOrganisation({ rows: 300, seed: 5 });
const [north, south] = businessUnits;
const customers = new Map(
  [...organisation.rowsOf('msdynci_customerprofile')].map((row) => [
    String(row.msdynci_customerprofileid),
    String(row.msdynci_customerid),
  ]),
);
const contactsOf = (unit: { readonly id: string }) =>
  [...organisation.truth('contact')].filter(
    ({ profileId }) => profileId !== null && unitOfCustomer(customers.get(profileId) ?? '').id === unit.id,
  );

describe('rows whose profile belongs to another business unit, where they are left unlinked', () => {
  let stack: TestStack;
  let client: RunsClient;
  /** Contacts that belong to another unit than their profile. */
  const strayed = new Set<string>();
  beforeAll(async () => {
    stack = await startTestStack({
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify({
          ...unificationSetup(organisation),
          businessUnits: { acrossUnits: 'leaveUnlinked' },
        }),
        BACKSTAMP_SETTLING_INTERVAL_SECONDS: '1',
        BACKSTAMP_PAGE_SIZE: '50',
      },
      hostLogLevel: 'warn',
    });
    client = new RunsClient(stack.hostUrl, stack.functionKey);
    await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [localClientId] });
    await keepUnitsApart(stack.dataverseUrl, organisation);
    await give(contactsOf(north).slice(0, 6), south);
  }, 60_000);
  afterAll(() => stack.stop());

  async function give(
    rows: readonly { readonly id: string; readonly profileId: string | null }[],
    unit: { readonly id: string; readonly teamId: string },
  ): Promise<void> {
    await loadRows(
      stack.dataverseUrl,
      'contact',
      rows.map(({ id }) => ({ contactid: id, ownerid: unit.teamId })),
    );
    for (const { id, profileId } of rows) {
      if (unitOfCustomer(customers.get(profileId ?? '') ?? '').id === unit.id) strayed.delete(id);
      else strayed.add(id);
    }
  }
  const run = async (mode: 'incremental' | 'reconcile' | 'rehearsal'): Promise<RunWithTasks> => {
    const response = await stack.call('/api/runs', { method: 'POST', body: JSON.stringify({ mode }) });
    return client.follow(((await response.json()) as { runId: string }).runId, () => {});
  };
  async function listed({ runId }: RunWithTasks): Promise<string[]> {
    const response = await stack.call(`/api/runs/${runId}/tables/contact/rows?outcome=acrossUnits`);
    return ((await response.json()) as RowList).rows.map(({ id }) => id).sort();
  }
  /** Every link read back: the truth's, but none for those who strayed. */
  async function expectLinks(): Promise<void> {
    const checks = await verifyLinks(stack.dataverseUrl, {
      sourceTables: organisation.sourceTables,
      truth: (table) =>
        [...organisation.truth(table)].map((row) => (strayed.has(row.id) ? { ...row, profileId: null } : row)),
    });
    expect(checks.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(checks).toHaveLength(organisation.sourceTables.length);
  }

  it('are counted by a rehearsal', async () => {
    const rehearsal = await run('rehearsal');

    const contacts = rehearsal.tasks.find(({ table }) => table === 'contact');
    expect(contacts?.details.join('\n')).toContain('6 rows are left without a link');
    expect(await listed(rehearsal)).toEqual([...strayed].sort());
  });

  it('get no link by the first run, which links all others', async () => {
    const first = await run('incremental');

    expect(first.status).toBe('Successful');
    expect(await listed(first)).toEqual([...strayed].sort());
    await expectLinks();
  });

  it('are linked by the next run when they come to the unit of their profile', async () => {
    await give(
      contactsOf(north)
        .filter(({ id }) => strayed.has(id))
        .slice(0, 4),
      north,
    );
    expect(strayed.size).toBe(2);

    const next = await run('incremental');

    expect(next.tasks.map(({ counters }) => counters.linked).reduce((a, b) => a + b)).toBe(4);
    expect(await listed(next)).toEqual([...strayed].sort());
    await expectLinks();
  });

  it('lose their link by the walk when they leave it', async () => {
    await give(contactsOf(south).slice(0, 5), north);

    const walk = await run('reconcile');

    expect(walk.status).toBe('Successful');
    expect(walk.tasks.find(({ table }) => table === 'contact')?.counters).toMatchObject({ cleared: 5, linked: 0 });
    expect(await listed(walk)).toEqual([...strayed].sort());
    await expectLinks();
  });
});
