import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { skippedText } from '../../shared/linking/requirements.ts';
import { type SampleApp, startSampleApp } from './sample-organisation.ts';
import { endOf, startRun } from './sample-stack.ts';

describe('what Dataverse answers, as the running app tells it', () => {
  let app: SampleApp;
  const link = async (table: string) => {
    const { runId } = await startRun(app.stack, { mode: 'full', tables: [table] });
    return endOf(app.stack, runId);
  };
  const refuse = (match: object, fault: object) => app.control('POST', 'faults', { match, fault });

  beforeAll(async () => {
    app = await startSampleApp({ rows: 800 });
    await app.allow('all');
    // A German organisation, without English.
    await app.control('POST', 'limits', { languages: [1031] });
  });
  beforeEach(async () => {
    await app.control('DELETE', 'faults');
  });
  afterAll(async () => {
    await app?.stack.stop();
  });

  it('a column that is refused skips the table with the words of the refusal: column-refused', async () => {
    const message = 'The evaluation of the current component failed during managed property evaluation.';
    await refuse({ kind: 'metadataWrite' }, { status: 400, code: '0x8004f026', message });
    const { status, tasks } = await link('lead');

    expect(status).not.toBe('Successful');
    expect(tasks).toMatchObject([{ status: 'Skipped', findings: [{ code: 'column-refused' }] }]);
    expect(tasks[0]?.details[0]).toBe(skippedText);
    expect(tasks[0]?.details.join(' ')).toContain('managed property evaluation');
  }, 120_000);

  it('an organisation in another language is linked', async () => {
    const { tasks } = await link('contact');

    expect(tasks[0]?.status).toBe('Successful');
    expect(tasks[0]?.counters.linked).toBeGreaterThan(0);
  });

  it('a plug-in that refuses every row fails the table with its words and a remedy, until it is mended', async () => {
    const fault = { status: 400, code: '0x80040265', message: 'Leads are closed this week.' };
    for (const kind of ['updateMultiple', 'update']) await refuse({ kind }, fault);
    const { tasks } = await link('lead');
    await app.control('DELETE', 'faults');
    const mended = await link('lead');

    expect(tasks[0]).toMatchObject({ status: 'Failed', counters: { linked: 0 } });
    expect(tasks[0]?.details[0]).toMatch(/closed this week.*The next run begins with a few rows/);
    expect(mended.tasks[0]?.status).toBe('Successful');
  }, 120_000);

  it('an app that is shut out is told so, and not what to grant', async () => {
    const message = 'Access to Dataverse API is restricted for this application Id';
    for (const kind of ['updateMultiple', 'update'])
      await refuse({ kind }, { status: 403, code: '0x80095ffc', message });
    const { tasks } = await link('opportunity');

    expect(tasks[0]?.status).toBe('Failed');
    expect(tasks[0]?.details[0]).toMatch(/restricted for this application.*firewall/);
    expect(tasks[0]?.details.join(' ')).not.toMatch(/security role/);
  }, 120_000);

  it('an expired token is no missing privilege, whatever stands in its answer', async () => {
    const message = 'Principal user is missing prvReadContact privilege.';
    await refuse({}, { status: 401, code: '0x80048306', message });
    const { tasks } = await link('account');

    expect(tasks[0]?.status).toBe('Failed');
    expect(tasks[0]?.details.join(' ')).not.toMatch(/security role/);
  }, 120_000);
});
