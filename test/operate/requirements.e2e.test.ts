import { TableClient } from '@azure/data-tables';
import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkingPrivileges } from '../../local/sample/load.ts';
import { unificationEventsQueue } from '../../shared/contracts/queues.ts';
import { runIdOf, type UnificationEvent } from '../../shared/contracts/unification-event.ts';
import { skippedText } from '../../shared/linking/requirements.ts';
import { Runs } from '../../shared/state/runs.ts';
import { TableStorage } from '../../shared/state/table-storage.ts';
import { type SampleApp, startSampleApp } from './sample-organisation.ts';
import { endOf, startRun } from './sample-stack.ts';

describe('a table that is skipped by the running app', () => {
  let app: SampleApp;
  const readUsers = ['prvReadUser', 'prvReadSystemUser', 'prvReadsystemuser'];
  const allow = (change: (names: readonly string[]) => readonly string[]) =>
    app.allow([...change(linkingPrivileges(app.organisation)), ...readUsers]);
  const taskOf = async (table: string, mode = 'incremental') => {
    const { runId } = await startRun(app.stack, { mode, tables: [table] });
    const [task] = (await endOf(app.stack, runId)).tasks;
    return task;
  };
  const rowsWritten = async (): Promise<object> => {
    const response = await fetch(`${app.stack.dataverseUrl}/__control/stats`);
    return ((await response.json()) as { rowsWritten: object }).rowsWritten;
  };

  beforeAll(async () => {
    app = await startSampleApp({
      rows: 200,
      change: (setup) => ({
        ...setup,
        tables: setup.tables.map((source) => {
          if (source.table === 'account') return { ...source, entity: 'Companies' };
          return source.table === 'opportunity' ? { ...source, connector: 'other' } : source;
        }),
      }),
    });
  });
  afterAll(async () => {
    await app?.stack.stop();
  });

  it('lacks privileges: privilege-missing tells each of them, and nothing is made or written', async () => {
    await allow((names) => names.filter((name) => !['prvAppendContact', 'prvWriteContact'].includes(name)));
    const task = await taskOf('contact');

    expect(task).toMatchObject({ status: 'Skipped', details: [skippedText, expect.anything(), expect.anything()] });
    const missing = task?.findings.filter(({ code }) => code === 'privilege-missing').map(({ finding }) => finding);
    expect(missing?.join(' ')).toMatch(/lacks prvWriteContact.*lacks prvAppendContact/i);
    for (const { remedy } of task?.findings ?? []) expect(remedy).toMatch(/backstamp grant/);
    expect(await rowsWritten()).toEqual({});
  });

  it('is reached in one unit only: privilege-depth says so', async () => {
    await allow((names) => [...names.filter((name) => name !== 'prvReadContact'), 'prvReadContact/Local']);
    const task = await taskOf('contact', 'rehearsal');

    expect(task).toMatchObject({ status: 'Skipped', findings: [{ code: 'privilege-depth' }] });
  });

  it('is not in the map: not-in-unification, and it is skipped, not successful with no row', async () => {
    await allow((names) => names);
    const task = await taskOf('account');

    expect(task).toMatchObject({ status: 'Skipped', findings: [{ code: 'not-in-unification' }] });
    expect(task?.details[0]).toBe(skippedText);
  });

  it('is linked where its privileges cannot be read, which its details say: privileges-unknown', async () => {
    const message = 'Principal user is missing prvReadUser privilege.';
    const fault = { status: 403, code: '0x80040220', message };
    await app.control('POST', 'faults', { match: { path: 'RetrieveUserPrivileges' }, fault });
    const task = await taskOf('lead');
    await app.control('DELETE', 'faults');

    expect(task?.status).toBe('Successful');
    expect(task?.details.join(' ')).toMatch(/privileges of .* cannot be checked/);
  });

  it('is not set up: not-set-up', async () => {
    const client = new ServiceBusClient(app.stack.serviceBusConnectionString);
    const event: UnificationEvent = {
      schema: 'backstamp.unification-event/1',
      eventId: 'for-a-table-of-nobody',
      source: 'test',
      occurredAt: new Date().toISOString(),
      mode: 'incremental',
      tables: ['new_nobody'],
    };
    // As the API notes what an operator asks for; it would not take this table.
    const storage = TableClient.fromConnectionString(app.stack.tablesConnectionString, 'BackstampRuns', {
      allowInsecureConnection: true,
    });
    await new Runs(new TableStorage(storage)).order(event);
    await client.createSender(unificationEventsQueue).sendMessages({ messageId: event.eventId, body: event });
    const run = await endOf(app.stack, runIdOf(event));
    await client.close();

    expect(run.tasks).toMatchObject([{ status: 'Skipped', findings: [{ code: 'not-set-up' }] }]);
  });

  it('cannot be held against what Dataverse knows, while that is out of reach: unchecked', async () => {
    await app.stack.kill('dataverse');
    const task = await taskOf('opportunity');

    expect(task?.status).toBe('Skipped');
    expect(task?.findings.map(({ code }) => code)).toEqual(['connector', 'unchecked']);
  });

  it('finds the whole of Dataverse out of reach: dataverse', async () => {
    const response = await app.stack.call('/api/doctor', { method: 'POST', body: '{}' });
    const { checks } = (await response.json()) as { checks: { code: string; level: string; remedy?: string }[] };
    expect(checks.find(({ code }) => code === 'dataverse')).toMatchObject({
      level: 'fault',
      remedy: expect.stringContaining('DATAVERSE_URL'),
    });
  }, 150_000);
});
