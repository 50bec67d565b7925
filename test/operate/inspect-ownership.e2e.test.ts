import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeUnits } from '../../local/sample/business-units.ts';
import { createTables, loadRows, putApplicationUser } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { letTeamsOwn, ownershipPrivileges } from '../../local/sample/owner-roles.ts';
import { localClientId } from '../../local/stack.ts';
import { doctorReportSchema } from '../../shared/contracts/doctor-report.ts';
import { ownedTables } from '../../shared/contracts/unification-setup.ts';
import type { TestStack } from '../support/stack.ts';
import { owningSetup, rootTeam } from '../support/verify-owners.ts';
import { endOf, post, startRun, startWith } from './sample-stack.ts';

const organisation = generateOrganisation({ rows: 20, seed: 3 });
const tables = organisation.tables.map((table) => ({
  ...table,
  // Nobody in particular owns measures here.
  ...(table.logicalName === 'msdynci_customermeasure' ? { ownership: 'OrganizationOwned' } : {}),
}));
/** The organisation before its tables have what ownership looks at. */
const bare = tables.map((table) =>
  ['msdynci_customerprofile', 'msdynci_segmentmembership'].includes(table.logicalName)
    ? { ...table, columns: table.columns.filter(({ logicalName }) => !/region|customerid|lookup/.test(logicalName)) }
    : table,
);

let stack: TestStack;
beforeAll(async () => {
  stack = await startWith(owningSetup(organisation), { BACKSTAMP_PAGE_SIZE: '100' });
}, 60_000);
afterAll(() => stack.stop());

it('the doctor tells what keeps owners from being written, and when nothing does', { timeout: 60_000 }, async () => {
  const { dataverseUrl: url } = stack;
  const found = async (): Promise<string[]> => {
    const { checks } = doctorReportSchema.parse(await (await post(stack, '/api/doctor', {})).json());
    for (const { level, remedy, finding } of checks) if (level !== 'good') expect(remedy, finding).toBeTruthy();
    return checks.map(({ subject, code }) => `${subject} ${code}`);
  };
  const run = async (request: object) => {
    const { tasks } = await endOf(stack, (await startRun(stack, { tables: ownedTables, ...request })).runId);
    return tasks.map(({ table, status }) => `${table.slice('msdynci_'.length)} ${status}`);
  };
  const mayNotAssign = async (): Promise<string[]> => {
    const everything = (name: string) => organisation.tables.map(({ schemaName }) => `prv${name}${schemaName}`);
    await putApplicationUser(url, localClientId, [
      ...['Read', 'Write'].flatMap(everything),
      ...ownershipPrivileges({ tables: [] }),
      ...['prvReadEntity', 'prvReadAttribute', 'prvReadRelationship', 'prvReadUser'],
    ]);
    const { tasks } = await endOf(stack, (await startRun(stack, { tables: ownedTables, mode: 'rehearsal' })).runId);
    await putApplicationUser(url, localClientId, 'all');
    return tasks.flatMap(({ table, findings }) => findings.map(({ code }) => `${table} ${code}`));
  };
  const ended = [
    'customermeasure Skipped',
    'customerprofile Successful',
    'segmentmembership Successful',
    'unifiedactivity Successful',
  ];

  await putApplicationUser(url, localClientId, 'all');
  await makeUnits(url);
  await letTeamsOwn(url, { tables: [] });
  await createTables(url, bare);
  expect(await found()).toEqual(
    expect.arrayContaining([
      'msdynci_customerprofile unit-column',
      'msdynci_segmentmembership no-profile',
      'msdynci_customermeasure no-owners',
    ]),
  );

  await createTables(url, tables);
  expect(await found()).toEqual(expect.arrayContaining(['msdynci_customerprofile team-may-not-own']));

  await letTeamsOwn(url, organisation);
  // The doctor tells of the app's privileges by themselves.
  expect(await mayNotAssign()).toContain('msdynci_customerprofile may-not-assign');
  expect(await found()).toEqual(expect.arrayContaining(['owners rehearse-owners']));
  expect((await run({ mode: 'rehearsal' })).sort()).toEqual(ended);
  expect(await found()).toEqual(expect.arrayContaining(['owners confirm-owners']));
  expect((await run({ mode: 'incremental', giveOwners: true })).sort()).toEqual(ended);
  expect(await found()).toEqual(expect.arrayContaining(['owners owners']));

  await loadRows(url, 'team', [{ teamid: await rootTeam(url), isdefault: false }]);
  expect(await found()).toEqual(expect.arrayContaining(['business units root-unit']));
});
