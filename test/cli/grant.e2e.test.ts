import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepUnitsApart } from '../../local/sample/business-units.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { verifyLinks } from '../../local/sample/verify-links.ts';
import { localClientId } from '../../local/stack.ts';
import { doctorReportSchema } from '../../shared/contracts/doctor-report.ts';
import { endOf, post, startRun, startWith } from '../operate/sample-stack.ts';
import type { TestStack } from '../support/stack.ts';
import { administer, administrator, backstamp, tokenOf } from './grant-world.ts';

describe('the role that backstamp grant makes', () => {
  const organisation = generateOrganisation({ rows: 300, seed: 20_260_301 });
  let stack: TestStack;
  let admin: Awaited<ReturnType<typeof administer>>;

  const grant = () =>
    backstamp(
      [
        ...['grant', '--url-dataverse', stack.dataverseUrl, '--client-id', localClientId],
        ...organisation.sourceTables.flatMap(({ table }) => ['--table', table]),
      ],
      { DATAVERSE_TOKEN: tokenOf(administrator, stack.dataverseUrl) },
    );
  const callDoctor = async () =>
    doctorReportSchema
      .parse(await (await post(stack, '/api/doctor', {})).json())
      .checks.filter(({ level }) => level !== 'good');

  beforeAll(async () => {
    stack = await startWith(unificationSetup(organisation));
    await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [] });
    admin = await administer(stack.dataverseUrl);
    expect((await grant()).code).toBe(0);
  });
  afterAll(async () => {
    await stack?.stop();
  });

  it('leaves the doctor nothing to find', async () => {
    expect(await callDoctor()).toEqual([]);
  });

  it('has no privilege that the doctor would not miss', async () => {
    const names = [...(await admin.rolePrivileges()).keys()];
    expect(names.length).toBeGreaterThan(20);
    const unnoticed: string[] = [];
    for (const name of names) {
      await admin.removeFromRole(name);
      const said = JSON.stringify(await callDoctor());
      if (!new RegExp(`${name}\\b`, 'i').test(said)) unnoticed.push(name);
      await grant();
    }
    expect(unnoticed).toEqual([]);
    expect([...(await admin.rolePrivileges()).keys()].sort()).toEqual(names.sort());
  });

  it.each([
    ...['prvCreateAttribute', 'prvCreateRelationship', 'prvReadEntity', 'prvReadAttribute', 'prvReadRelationship'],
    ...['prvReadmsdynci_alternatekey', 'prvReadmsdynci_customerprofile', 'prvAppendTomsdynci_customerprofile'],
    ...['prvWriteLead', 'prvAppendLead', 'prvReadLead'],
  ])('does not link without %s', async (name) => {
    await admin.removeFromRole(name);

    const { status, tasks } = await endOf(stack, (await startRun(stack, { mode: 'full', tables: ['lead'] })).runId);
    await grant();

    expect(status).toBe('Skipped');
    expect(tasks[0]?.findings.map(({ code }) => code)).toContain('privilege-missing');
    expect(tasks[0]?.details.join()).toMatch(new RegExp(`${name}\\b`, 'i'));
  });

  it('is enough for a rehearsal and for the first run, which makes the columns and links every row', async () => {
    const rehearsal = await endOf(stack, (await startRun(stack, { mode: 'rehearsal' })).runId);
    const run = await endOf(stack, (await startRun(stack, { mode: 'incremental' })).runId);

    expect(rehearsal.status).toBe('Successful');
    expect(JSON.stringify(rehearsal.tasks)).not.toMatch(/privilege/i);
    expect(run.status).toBe('Successful');
    const checks = await verifyLinks(stack.dataverseUrl, organisation);
    expect(checks.map(({ right, rows }) => right === rows && rows > 0)).toEqual(checks.map(() => true));
    expect(checks).toHaveLength(organisation.sourceTables.length);
  });

  it('loses what only the first run needed, and grant says so', async () => {
    const { out } = await grant();
    expect(out).toMatch(/^done .*not asked for: prvCreateAttribute, prvCreateRelationship/m);
    expect(out).toMatch(/^note .*Field: Create: not needed/m);

    expect((await grant()).out).toContain('nothing was changed');
    const { status } = await endOf(stack, (await startRun(stack, { mode: 'full' })).runId);

    expect(status).toBe('Successful');
    expect(await callDoctor()).toEqual([]);
  });
});

describe('the role that backstamp grant --business-units makes', () => {
  const organisation = generateOrganisation({ rows: 60, seed: 20_260_301 });
  let stack: TestStack;
  let admin: Awaited<ReturnType<typeof administer>>;

  const grant = (...more: string[]) =>
    backstamp(
      [
        ...['grant', '--url-dataverse', stack.dataverseUrl, '--client-id', localClientId, ...more],
        ...organisation.sourceTables.flatMap(({ table }) => ['--table', table]),
      ],
      { DATAVERSE_TOKEN: tokenOf(administrator, stack.dataverseUrl) },
    );
  const callDoctor = async () =>
    doctorReportSchema
      .parse(await (await post(stack, '/api/doctor', {})).json())
      .checks.filter(({ level }) => level !== 'good');

  beforeAll(async () => {
    stack = await startWith({ ...unificationSetup(organisation), businessUnits: {} });
    await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [] });
    await keepUnitsApart(stack.dataverseUrl, organisation);
    admin = await administer(stack.dataverseUrl);
    expect((await grant()).code).toBe(0);
  });
  afterAll(async () => {
    await stack?.stop();
  });

  it('is more than linking takes: the doctor tells what is lacking, and rows are linked without it', async () => {
    const lacking = await callDoctor();
    expect(lacking.map(({ code, level }) => `${code} ${level}`)).toEqual(
      expect.arrayContaining(['privilege-missing warning', 'privilege-missing note', 'act-for-others warning']),
    );
    expect(lacking.filter(({ level }) => level === 'fault')).toEqual([]);
    for (const { remedy } of lacking) expect(remedy).toContain('backstamp grant --business-units');
    expect((await endOf(stack, (await startRun(stack, { mode: 'full' })).runId)).status).toBe('Successful');
    expect(await (await post(stack, '/api/segments/refresh', {})).text()).not.toContain('"complete":true');
  });

  it('leaves the doctor nothing to find, and has segments counted', async () => {
    expect((await grant('--business-units')).code).toBe(0);

    expect(await callDoctor()).toEqual([]);
    expect(await (await post(stack, '/api/segments/refresh', {})).text()).toContain('"complete":true');
    const segments = await (await stack.call('/api/segments')).text();
    expect(segments).toContain('"name":"North"');
  });

  it.each([
    ...['prvReadBusinessUnit', 'prvReadTeam', 'prvReadRole', 'prvReadOrganization', 'prvReadUser'],
    ...['prvReadmsdynci_segmentmembership', 'prvActOnBehalfOfAnotherUser'],
  ])('has %s, which the doctor would miss', async (name) => {
    await admin.removeFromRole(name);
    expect(JSON.stringify(await callDoctor())).toMatch(new RegExp(`${name}\\b`, 'i'));
    await grant('--business-units');
    expect(await callDoctor()).toEqual([]);
  });
});
