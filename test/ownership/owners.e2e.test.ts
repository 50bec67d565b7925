import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  businessUnits,
  makeUnits,
  personId,
  putPerson,
  regionColumn,
  unitOfCustomer,
} from '../../local/sample/business-units.ts';
import { loadRows, putApplicationUser } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { linkingPrivileges, loadOrganisation } from '../../local/sample/load.ts';
import { letTeamsOwn, ownershipPrivileges } from '../../local/sample/owner-roles.ts';
import { localClientId } from '../../local/stack.ts';
import { RunsClient } from '../../local/start/runs-client.ts';
import { ownershipTaskName } from '../../shared/ownership/ownership-work.ts';
import { endOf, startRun } from '../operate/sample-stack.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { owningSetup, verifyOwners } from '../support/verify-owners.ts';

const organisation = generateOrganisation({ rows: 600, seed: 12 });
const [north, south] = businessUnits;
/** West has no team in the set-up: its customers belong to the root unit. */
const setup = owningSetup(organisation, [north, south]);
const profiles = [...organisation.rowsOf('msdynci_customerprofile')];
const moved = new Map<string, string>();
const teamOf = (customerId: string, root: string): string => {
  const unit = moved.get(customerId) ?? unitOfCustomer(customerId).name;
  return [north, south].find(({ name }) => name === unit)?.teamId ?? root;
};

describe('owners in the whole stack', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack({
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify(setup),
        BACKSTAMP_SETTLING_INTERVAL_SECONDS: '1',
        BACKSTAMP_PAGE_SIZE: '100',
      },
      hostLogLevel: 'warn',
    });
    await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [localClientId] });
    await putApplicationUser(stack.dataverseUrl, localClientId, [
      ...linkingPrivileges(organisation),
      ...ownershipPrivileges(organisation),
    ]);
    await makeUnits(stack.dataverseUrl);
    await letTeamsOwn(stack.dataverseUrl, organisation);
  }, 60_000);
  afterAll(() => stack.stop());

  const ownersSeenTo = async (runId: string) => {
    const run = await endOf(stack, runId);
    return run.tasks.filter(({ kind }) => kind === 'ownership');
  };
  const columnsWritten = async () =>
    (await (await fetch(`${stack.dataverseUrl}/__control/stats`)).json()) as {
      columnsWritten: Record<string, Record<string, number>>;
    };

  it('I3 I7 are rehearsed, confirmed, written once, and read back right', { timeout: 120_000 }, async () => {
    const rehearsal = await ownersSeenTo((await startRun(stack, { mode: 'rehearsal' })).runId);
    expect(rehearsal.map(({ status }) => status)).toEqual(Array(4).fill('Successful'));
    const wanted = profiles.filter(({ msdynci_region }) => msdynci_region === north.name).length;
    expect(rehearsal.find(({ table }) => table === 'msdynci_customerprofile')?.details).toContain(
      `North customers of North: ${wanted} rows, ${wanted} of them new.`,
    );
    expect(Object.keys((await columnsWritten()).columnsWritten).filter((t) => t.startsWith('msdynci_'))).toEqual([]);

    const { runId } = await startRun(stack, { mode: 'incremental', giveOwners: true });
    const confirmed = await ownersSeenTo(runId);

    expect(confirmed.map(({ status }) => status)).toEqual(Array(4).fill('Successful'));
    const checks = await verifyOwners(stack.dataverseUrl, teamOf);
    expect(checks.map(({ wrong }) => wrong)).toEqual([[], [], [], []]);
    expect(checks.reduce((sum, { rows }) => sum + rows, 0)).toBe(
      confirmed.reduce((sum, { counters }) => sum + (counters.assigned ?? 0), 0),
    );
    const written = (await columnsWritten()).columnsWritten;
    for (const { table, rows } of checks) expect(written[table]).toEqual({ ownerid: rows });
    const status = (await (await stack.call('/api/status')).json()) as { groups: { tasks: { name: string }[] }[] };
    expect(status.groups[0]?.tasks.filter(({ name }) => name === ownershipTaskName)).toHaveLength(4);
  });

  it('follow an event that moves customers, and only theirs are written', { timeout: 120_000 }, async () => {
    await fetch(`${stack.dataverseUrl}/__control/stats/reset`, { method: 'POST' });
    for (const { msdynci_customerid } of profiles.slice(0, 50)) moved.set(String(msdynci_customerid), south.name);
    const changed = profiles
      .slice(0, 50)
      .filter(({ msdynci_region }) => msdynci_region !== south.name)
      .map(({ msdynci_customerprofileid }) => msdynci_customerprofileid);
    await loadRows(
      stack.dataverseUrl,
      'msdynci_customerprofile',
      profiles.slice(0, 50).map(({ msdynci_customerprofileid = null }) => ({
        msdynci_customerprofileid,
        [regionColumn]: south.name,
      })),
    );

    const [prediction] = [...organisation.rowsOf('msdynci_prediction')];
    await loadRows(stack.dataverseUrl, 'msdynci_prediction', [
      { msdynci_predictionid: prediction?.msdynci_predictionid ?? null, ownerid: north.teamId },
    ]);

    const client = new RunsClient(stack.hostUrl, stack.functionKey);
    const tasks = await ownersSeenTo(await client.postEvent('moved'));

    expect(tasks.map(({ status }) => status)).toEqual(Array(4).fill('Successful'));
    expect(tasks.find(({ table }) => table === 'msdynci_customerprofile')?.details).toContain(
      '1 row of msdynci_prediction did not belong to the root unit.',
    );
    const checks = await verifyOwners(stack.dataverseUrl, teamOf);
    expect(checks.map(({ wrong }) => wrong)).toEqual([[], [], [], []]);
    const ofChanged = (table: string) =>
      [...organisation.rowsOf(table)].filter((row) =>
        changed.includes(row.msdynci_lookupfield_customer ?? row.msdynci_customerprofileid),
      ).length;
    const written = (await columnsWritten()).columnsWritten;
    for (const { table } of checks) expect(written[table]?.ownerid ?? 0, table).toBe(ofChanged(table));
  });

  it('I6 of one row that its profile’s owner may not own stop no other, and come right when the profile does', {
    timeout: 120_000,
  }, async () => {
    const activity = [...organisation.rowsOf('msdynci_unifiedactivity')][0];
    const profileId = String(activity?.msdynci_lookupfield_customer);
    const rows = [...organisation.rowsOf('msdynci_unifiedactivity')].filter(
      (row) => row.msdynci_lookupfield_customer === profileId,
    );
    const stranger = { objectId: '77777777-0000-4000-8000-000000000001', reads: [], depth: 'Local' } as const;
    await putPerson(stack.dataverseUrl, stranger);
    await loadRows(stack.dataverseUrl, 'msdynci_customerprofile', [
      { msdynci_customerprofileid: profileId, ownerid: personId(stranger) },
    ]);

    const alone = { mode: 'incremental', tables: ['msdynci_unifiedactivity'] };
    const [refused] = await ownersSeenTo((await startRun(stack, alone)).runId);
    const mended = await ownersSeenTo((await startRun(stack, { mode: 'incremental' })).runId);

    expect(refused).toMatchObject({ status: 'Completed with warnings', counters: { failed: rows.length } });
    expect(mended.map(({ status }) => status)).toEqual(Array(4).fill('Successful'));
    expect((await verifyOwners(stack.dataverseUrl, teamOf)).map(({ wrong }) => wrong)).toEqual([[], [], [], []]);
  });
});
