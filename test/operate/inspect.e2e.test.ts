import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTables, loadRows } from '../../local/sample/control-plane.ts';
import { linkingPrivileges } from '../../local/sample/load.ts';
import { unificationSetup } from '../../local/sample/organisation.ts';
import { localClientId } from '../../local/stack.ts';
import { customLogic, unfilteredStep } from '../../local/start/custom-logic.ts';
import { type Discovery, discoverySchema } from '../../shared/contracts/discovery.ts';
import { type DoctorReport, doctorReportSchema } from '../../shared/contracts/doctor-report.ts';
import { runWithTasksSchema } from '../../shared/contracts/run.ts';
import type { SourceTable } from '../../shared/contracts/unification-setup.ts';
import { type SampleApp, startSampleApp } from './sample-organisation.ts';
import { endOf, post, startRun } from './sample-stack.ts';

const extra = (table: string, more: Partial<SourceTable> = {}): SourceTable => ({
  table,
  dataSource: 'Dynamics',
  entity: table,
  connector: 'dataverse',
  primaryKey: `${table}id`,
  ...more,
});

/** A set-up in which contact is right and every other table is wrong in a way of its own. */
const wrongInManyWays = (tables: readonly SourceTable[]): SourceTable[] => [
  ...tables.map((source) => {
    if (source.table === 'lead') return { ...source, primaryKey: 'emailaddress1' };
    if (source.table === 'opportunity') {
      return { ...source, connector: 'other' as const, environmentUrl: 'https://other.crm.dynamics.com' };
    }
    return source.table === 'account' ? { ...source, entity: 'Companies' } : source;
  }),
  extra('new_missing'),
  extra('new_virtual'),
  extra('new_odd'),
  extra('new_closed'),
  extra('new_taken'),
  extra('workflow'),
  extra('msdynci_alternatekey'),
];

type Check = DoctorReport['checks'][number];

describe('checks of the running app', () => {
  let app: SampleApp;
  const callDoctor = async (): Promise<Check[]> => {
    const response = await post(app.stack, '/api/doctor', {});
    expect(response.status).toBe(200);
    return doctorReportSchema.parse(await response.json()).checks;
  };
  const find = (checks: readonly Check[], subject: string, code: string): Check | undefined =>
    checks.find((check) => check.subject === subject && check.code === code);
  const discovery = async (): Promise<Discovery> => {
    const response = await post(app.stack, '/api/discover', {});
    expect(response.status).toBe(200);
    return discoverySchema.parse(await response.json());
  };

  beforeAll(async () => {
    app = await startSampleApp({
      rows: 1_000,
      settings: { BACKSTAMP_BYPASS: 'customAsync' },
      change: (setup) => ({ ...setup, tables: wrongInManyWays(setup.tables) }),
    });
    const { dataverseUrl } = app.stack;
    const table = { schemaName: '', displayName: '', primaryName: 'new_name', changeTracking: false, bulk: false };
    await createTables(dataverseUrl, [
      {
        ...table,
        logicalName: 'new_virtual',
        schemaName: 'new_virtual',
        displayName: 'Virtual',
        primaryId: 'new_virtualid',
        tableType: 'Virtual',
        columns: [],
      },
      {
        ...table,
        logicalName: 'new_odd',
        schemaName: 'new_odd',
        displayName: 'Odd',
        primaryId: 'new_oddid',
        tableType: 'Standard',
        columns: [{ logicalName: 'msdynci_lookupfield_customerprofile', type: 'String' }],
      },
    ]);
    await app.control('POST', 'tables', {
      ...{ logicalName: 'new_closed', tableType: 'Standard', changeTracking: false, bulk: false, columns: [] },
      canCreateAttributes: false,
    });
    await app.control('POST', 'tables', {
      ...{ logicalName: 'new_taken', tableType: 'Standard', changeTracking: false, bulk: false },
      columns: [
        {
          logicalName: 'new_profile',
          type: 'Lookup',
          targets: ['msdynci_customerprofile'],
          relationshipName: 'msdynci_customerprofile_new_taken',
        },
      ],
    });
    for (const [name, rows] of customLogic) await loadRows(dataverseUrl, name, rows);
    await loadRows(dataverseUrl, 'workflow', [
      {
        workflowid: '7c1a1f6e-2f70-4c55-9a55-1d5c4f8be011',
        name: 'Tell the owner',
        type: 1,
        statecode: 1,
        category: 0,
        mode: 0,
        primaryentity: 'contact',
        triggeronupdateattributelist: 'lastname,msdynci_lookupfield_customerprofile',
      },
    ]);
    await loadRows(dataverseUrl, 'callbackregistration', [
      {
        callbackregistrationid: '7c1a1f6e-2f70-4c55-9a55-1d5c4f8be012',
        name: 'When a contact is modified',
        entityname: 'contact',
        message: 3,
        softdeletestatus: 0,
      },
    ]);
  });
  afterAll(async () => {
    await app?.stack.stop();
  });

  it('find no fault with what is right', async () => {
    await app.allow('all');
    const checks = await callDoctor();
    const good = checks.filter(({ level }) => level === 'good').map(({ subject, code }) => `${subject} ${code}`);
    for (const one of [
      'Table Storage state',
      'Service Bus queues',
      'msdynci_alternatekey change-tracking',
      'contact requirements',
      'contact privileges',
      'msdynci_customerprofile privileges',
      'organisation privileges',
      'opportunity logic',
      `${localClientId} bypass`,
    ])
      expect(good).toContain(one);
    expect(checks.filter(({ level, subject }) => level === 'fault' && subject === 'contact')).toEqual([]);
  });

  it.each([
    ['lead', 'primary-key', 'leadid'],
    ['opportunity', 'connector', 'Dataverse connector'],
    ['opportunity', 'other-environment', 'https://other.crm.dynamics.com'],
    ['account', 'not-in-unification', 'Companies'],
    ['new_missing', 'table-missing', 'new_missing'],
    ['new_virtual', 'virtual-table', 'new_virtual'],
    ['new_odd', 'column-in-the-way', 'msdynci_lookupfield_customerprofile'],
    ['new_closed', 'no-new-columns', 'CanCreateAttributes'],
    ['new_taken', 'relationship-in-the-way', 'msdynci_customerprofile_new_taken'],
    ['workflow', 'platform-table', 'governed'],
    ['msdynci_alternatekey', 'customer-insights-table', 'Customer Insights itself'],
  ])('find that %s fails requirement %s, with a remedy', async (table, code, words) => {
    const check = find(await callDoctor(), table, code);
    expect(check).toMatchObject({ level: 'fault' });
    expect(`${check?.finding} ${check?.remedy}`).toContain(words);
    expect(check?.remedy).toMatch(/\.$/);
  });

  it('find each missing privilege, by table', async () => {
    const enough = linkingPrivileges(app.organisation);
    const readUsers = ['prvReadUser', 'prvReadSystemUser', 'prvReadsystemuser'];
    await app.allow([...enough.filter((name) => name !== 'prvAppendContact'), ...readUsers]);
    expect(find(await callDoctor(), 'contact', 'privilege-missing')).toMatchObject({
      level: 'fault',
      finding: expect.stringMatching(/lacks prvAppendContact/i),
      remedy: expect.stringMatching(/organisation level/),
    });

    const others = enough.filter((name) => name !== 'prvReadContact');
    // This is also told of what a team gives, whatever its depth.
    await app.allow([...others, 'prvReadContact/Basic', ...readUsers]);
    expect(find(await callDoctor(), 'contact', 'privilege-depth')).toMatchObject({ level: 'warning' });
    await app.allow([...others, 'prvReadContact/Local', ...readUsers]);
    expect(find(await callDoctor(), 'contact', 'privilege-depth')).toMatchObject({ level: 'fault' });
  });

  it('find that privileges cannot be read, and list what is needed', async () => {
    const message = 'Principal user is missing prvReadUser privilege.';
    const fault = { status: 403, code: '0x80040220', message };
    await app.control('POST', 'faults', { match: { path: 'RetrieveUserPrivileges' }, fault });
    const check = (await callDoctor()).find(({ code }) => code === 'privileges-unknown');
    await app.control('DELETE', 'faults');
    expect(check).toMatchObject({ level: 'note', remedy: expect.stringMatching(/prvWriteContact/i) });
  });

  it('find that what fires cannot be checked', async () => {
    await app.allow(linkingPrivileges(app.organisation).filter((name) => name !== 'prvReadWorkflow'));
    expect(find(await callDoctor(), 'source tables', 'logic-unknown')).toMatchObject({
      level: 'note',
      remedy: expect.stringContaining('read access'),
    });
  });

  it('find what fires on an update of the link, and how to avoid it', async () => {
    await app.allow('all');
    const checks = await callDoctor();
    expect(find(checks, 'lead', 'fires-plug-in-step')).toMatchObject({
      level: 'warning',
      finding: expect.stringContaining(unfilteredStep),
      remedy: expect.stringMatching(/filtering attributes.*BACKSTAMP_BYPASS to customSync/),
    });
    // The asynchronous workflow is passed by already, as the settings ask; the flow is not.
    expect(find(checks, 'contact', 'fires-workflow')).toMatchObject({ level: 'good' });
    expect(find(checks, 'contact', 'fires-flow')).toMatchObject({
      level: 'warning',
      remedy: expect.stringMatching(/BACKSTAMP_BYPASS to flows, which needs no privilege/),
    });
    expect(find(checks, 'contact', 'fires-plug-in-step')).toBeUndefined();
  });

  it('find that a bypass lacks its privilege', async () => {
    await app.allow([...linkingPrivileges(app.organisation), 'prvReadUser', 'prvReadSystemUser', 'prvReadsystemuser']);
    const check = (await callDoctor()).find(({ code }) => code === 'bypass-privilege-missing');
    expect(check).toMatchObject({ level: 'fault', finding: expect.stringContaining('prvBypassCustomBusinessLogic') });
  });

  it('find that Dataverse does not know the identity, or is out of reach', async () => {
    await app.control('POST', 'faults', {
      match: { path: 'WhoAmI' },
      fault: { status: 403, code: '0x80072560', message: 'The user is not a member of the organization.' },
    });
    const checks = await callDoctor();
    await app.control('DELETE', 'faults');
    expect(checks.find(({ code }) => code === 'identity')).toMatchObject({
      level: 'fault',
      finding: expect.stringContaining('application user'),
    });
  });

  it('write nothing', async () => {
    const stats = (await (await fetch(`${app.stack.dataverseUrl}/__control/stats`)).json()) as { rowsWritten: object };
    expect(stats.rowsWritten).toEqual({});
  });

  it('discover the set-up that the organisation was made with, and what it would change in this one', async () => {
    await app.allow('all');
    const { setup, sources, changes, assumptions } = await discovery();

    const proven = unificationSetup(app.organisation).tables;
    const found = (setup?.tables ?? []).filter(({ table }) => proven.some((source) => source.table === table));
    // What no map tells stays as it was set up.
    const wanted = proven.map((source) =>
      source.table === 'opportunity'
        ? { ...source, connector: 'other', environmentUrl: 'https://other.crm.dynamics.com' }
        : source,
    );
    const byTable = (a: { table: string }, b: { table: string }) => a.table.localeCompare(b.table);
    expect([...found].sort(byTable)).toEqual([...wanted].sort(byTable));
    expect(changes.filter(({ kind }) => kind === 'changed').map(({ table }) => table)).toEqual(['lead', 'account']);
    expect(sources.filter(({ certainty }) => certainty === 'certain')).toHaveLength(4);
    const skipped = sources.filter(({ certainty }) => certainty === 'skipped');
    expect(skipped.length).toBeGreaterThan(0);
    for (const { reason } of skipped) expect(reason).toMatch(/no ids of Dataverse rows/);
    expect(assumptions.length).toBeGreaterThan(0);
  });

  it("say in a skipped table's task what the checks say", async () => {
    await app.allow('all');
    const { runId } = await startRun(app.stack, { mode: 'incremental' });
    const run = runWithTasksSchema.parse(await endOf(app.stack, runId));
    const taskOf = (table: string) => run.tasks.find((task) => task.table === table);

    const skipped = ['lead', 'opportunity', 'new_missing', 'new_virtual', 'new_odd', 'new_closed', 'workflow'];
    for (const table of [...skipped, 'msdynci_alternatekey']) {
      expect(taskOf(table)).toMatchObject({ table, status: 'Skipped' });
      expect(taskOf(table)?.details[0]).toMatch(
        /^Error: (Linking of Dataverse tables|The backstamping job is skipped)/,
      );
    }
    // Every failed rule, not only the first.
    expect(
      taskOf('opportunity')
        ?.findings.map(({ code }) => code)
        .sort(),
    ).toEqual(['connector', 'other-environment']);
    expect(taskOf('opportunity')?.details[0]).toContain('from the same Dataverse organization');
    expect(taskOf('contact')?.status).toBe('Successful');
  });

  it('find that the map tracks no changes', async () => {
    const map = app.organisation.tables.find(({ logicalName }) => logicalName === 'msdynci_alternatekey');
    await app.control('POST', 'tables', { ...map, changeTracking: false });
    expect(find(await callDoctor(), 'msdynci_alternatekey', 'change-tracking-off')).toMatchObject({ level: 'warning' });
  });

  it('find that a queue is gone, and that the state is out of reach', async () => {
    await fetch(`${app.stack.brokerControlUrl}/__control/topics/linking-events`, { method: 'DELETE' });
    expect(find(await callDoctor(), 'linking-events', 'queues')).toMatchObject({ level: 'fault' });

    await app.stack.kill('tables');
    expect(find(await callDoctor(), 'Table Storage', 'state')).toMatchObject({ level: 'fault' });
    const response = await app.stack.call('/api/runs');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ status: 503, title: 'Service unavailable' });
  });
});

describe('checks of an app that is set up for what cannot be linked', () => {
  const unknownClient = '5b0d7a8e-1c3f-4f52-8a7e-0d9c6b1e2f34';
  let app: SampleApp;

  beforeAll(async () => {
    app = await startSampleApp({
      rows: 200,
      settings: { BACKSTAMP_DATAVERSE_CLIENT_IDS: `${localClientId},${unknownClient}` },
      change: (setup) => ({ ...setup, environmentKind: 'business', output: 'ownDataLake' }),
    });
    await app.allow('all');
  });
  afterAll(async () => {
    await app?.stack.stop();
  });

  it('find it, and that one of two identities is unknown', async () => {
    const { checks } = doctorReportSchema.parse(await (await post(app.stack, '/api/doctor', {})).json());
    const faults = checks.filter(({ level }) => level === 'fault').map(({ subject, code }) => `${subject} ${code}`);
    expect(faults).toContain('contact business-environment');
    expect(faults).toContain('contact own-data-lake');
    // The other does its part.
    expect(faults.filter((one) => one.endsWith(' identity'))).toEqual([]);
    expect(checks.find(({ subject, code }) => subject === unknownClient && code === 'identity')?.level).toBe('warning');
    expect(checks.find(({ subject, code }) => subject === localClientId && code === 'identity')?.level).toBe('good');
  });

  it('skip every table, with both reasons, and write nothing', async () => {
    const { runId } = await startRun(app.stack, { mode: 'incremental' });
    const run = await endOf(app.stack, runId);
    expect(run.status).toBe('Skipped');
    for (const task of run.tasks) {
      expect(task.findings.map(({ code }) => code)).toEqual(['business-environment', 'own-data-lake']);
      expect(task.details[0]).toBe('Error: Linking of Dataverse tables to the CustomerProfile table is skipped.');
    }
  });

  it('find that the map is virtual, and none at all in an empty organisation', async () => {
    await app.control('POST', 'reset');
    await app.allow('all');
    const empty = doctorReportSchema.parse(await (await post(app.stack, '/api/doctor', {})).json());
    expect(empty.checks.map(({ code }) => code)).toContain('no-customer-insights');
    const refused = await post(app.stack, '/api/discover', {});
    expect(refused.status).toBe(502);
    expect(await refused.json()).toMatchObject({
      detail: expect.stringContaining('has no table msdynci_alternatekey'),
    });

    const tables = app.organisation.tables.map((table) =>
      table.logicalName === 'msdynci_alternatekey'
        ? { ...table, tableType: 'Virtual' as const, changeTracking: false, bulk: false }
        : table,
    );
    await createTables(app.stack.dataverseUrl, tables);
    const { checks } = doctorReportSchema.parse(await (await post(app.stack, '/api/doctor', {})).json());
    expect(checks.map(({ code }) => code)).toContain('map-virtual');
  });
});
