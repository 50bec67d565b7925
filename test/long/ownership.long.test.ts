import { expect, it } from 'vitest';
import { businessUnits, makeUnits, regionColumn, unitOfCustomer } from '../../local/sample/business-units.ts';
import { createTables, loadRows, putApplicationUser } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { linkingPrivileges } from '../../local/sample/load.ts';
import { letTeamsOwn, ownershipPrivileges } from '../../local/sample/owner-roles.ts';
import { localClientId } from '../../local/stack.ts';
import { ownedTables } from '../../shared/contracts/unification-setup.ts';
import { endOf, startRun } from '../operate/sample-stack.ts';
import { startTestStack } from '../support/stack.ts';
import { owningSetup, verifyOwners } from '../support/verify-owners.ts';

/** Two source rows make one customer; the source rows themselves are left out here. */
const rows = 200_000;
const changedProfiles = 50;
const south = businessUnits[1];

it(`I3 gives 100,000 profiles of 3 units and what is about them their owners, then those of ${changedProfiles} that moved`, {
  timeout: 900_000,
}, async () => {
  const organisation = generateOrganisation({ rows, seed: 7 });
  // Before anything is started: while this counts, no connection is looked after.
  const rowsOfCustomer = new Map<string, number>();
  for (const table of ownedTables) {
    for (const { msdynci_customerid } of organisation.rowsOf(table)) {
      const customerId = String(msdynci_customerid);
      rowsOfCustomer.set(customerId, (rowsOfCustomer.get(customerId) ?? 0) + 1);
    }
  }
  const stack = await startTestStack({
    hostLogLevel: 'warn',
    settings: {
      BACKSTAMP_UNIFICATION: JSON.stringify(owningSetup(organisation)),
      BACKSTAMP_SETTLING_INTERVAL_SECONDS: '2',
    },
  });
  const { dataverseUrl: url } = stack;
  const moved = new Set<string>();
  const teamOf = (customerId: string): string => (moved.has(customerId) ? south : unitOfCustomer(customerId)).teamId;
  const run = async (what: string, request: object) => {
    const begun = performance.now();
    const { runId } = await startRun(stack, { tables: ownedTables, ...request });
    const { status, tasks } = await endOf(stack, runId);
    const seconds = (performance.now() - begun) / 1000;
    const assigned = tasks.reduce((sum, { counters }) => sum + (counters.assigned ?? 0), 0);
    console.log(
      `${what}: ${status}, ${assigned} rows in ${seconds.toFixed(1)} s, ${Math.round(assigned / seconds)} rows/s.`,
    );
    expect(tasks.map((task) => task.status)).toEqual(ownedTables.map(() => 'Successful'));
    return assigned;
  };
  const verify = async (): Promise<number> => {
    const checks = await verifyOwners(url, teamOf);
    expect(checks.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(checks.map(({ table }) => table).sort()).toEqual([...ownedTables].sort());
    return checks.reduce((sum, check) => sum + check.rows, 0);
  };
  try {
    await createTables(url, organisation.tables);
    await putApplicationUser(url, localClientId, [
      ...linkingPrivileges(organisation),
      ...ownershipPrivileges(organisation),
    ]);
    for (const table of ownedTables) await loadRows(url, table, organisation.rowsOf(table));
    await makeUnits(url);
    await letTeamsOwn(url, organisation);

    const rehearsed = await run('Rehearsal', { mode: 'rehearsal' });
    const assigned = await run('First run', { mode: 'incremental', giveOwners: true });
    const all = await verify();
    expect([rehearsed, assigned]).toEqual([all, all]);

    const changes = [];
    let expected = 0;
    for (const { msdynci_customerprofileid = null, msdynci_customerid } of organisation.rowsOf(
      'msdynci_customerprofile',
    )) {
      const customerId = String(msdynci_customerid);
      if (unitOfCustomer(customerId).id === south.id) continue;
      moved.add(customerId);
      changes.push({ msdynci_customerprofileid, [regionColumn]: south.name });
      expected += rowsOfCustomer.get(customerId) ?? 0;
      if (changes.length === changedProfiles) break;
    }
    await loadRows(url, 'msdynci_customerprofile', changes);
    expect(await run('Second run', { mode: 'incremental' })).toBe(expected);
    expect(await verify()).toBe(all);
  } finally {
    await stack.stop();
  }
});
