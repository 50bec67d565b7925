import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRows } from '../../local/sample/control-plane.ts';
import { type DoctorReport, doctorReportSchema } from '../../shared/contracts/doctor-report.ts';
import { type SampleApp, startSampleApp } from './sample-organisation.ts';
import { endOf, post, startRun } from './sample-stack.ts';

const column = 'msdynci_lookupfield_customerprofile';
const iap = '33333333-2222-4333-8444-555555555555';

describe('checks of what surrounds linking', () => {
  let app: SampleApp;
  const find = async (code: string): Promise<DoctorReport['checks'][number] | undefined> => {
    const { checks } = doctorReportSchema.parse(await (await post(app.stack, '/api/doctor', {})).json());
    return checks.find((check) => check.code === code);
  };
  const table = (name: string) => app.organisation.tables.find(({ logicalName }) => logicalName === name);

  beforeAll(async () => {
    // Contacts, leads and opportunities are linked; accounts are not among the tables any more.
    app = await startSampleApp({
      rows: 30,
      change: (setup) => ({ ...setup, tables: setup.tables.filter(({ table }) => table !== 'account') }),
    });
    await app.allow('all');
  });
  afterAll(async () => {
    await app?.stack.stop();
  });

  it('tell that the name of a relationship is taken, and that column security closes the column', async () => {
    await app.control('POST', 'tables', {
      ...table('lead'),
      columns: [{ logicalName: column, type: 'Lookup', targets: ['msdynci_customerprofile'], secured: true }],
    });
    await app.control('POST', 'tables', {
      ...{ logicalName: 'new_other', tableType: 'Standard', changeTracking: false, bulk: false },
      columns: [
        {
          ...{ logicalName: 'new_profile', type: 'Lookup', targets: ['msdynci_customerprofile'] },
          relationshipName: 'msdynci_customerprofile_opportunity',
        },
      ],
    });
    expect(await find('relationship-in-the-way')).toMatchObject({ level: 'fault', subject: 'opportunity' });
    // Whoever may do everything may use secured columns too.
    expect(await find('column-secured')).toBeUndefined();
    const names = app.organisation.tables.flatMap(({ schemaName }) =>
      ['Read', 'Write', 'Append', 'AppendTo'].map((right) => `prv${right}${schemaName}`),
    );
    await app.allow([...names, ...['Entity', 'Attribute', 'Relationship', 'User'].map((kind) => `prvRead${kind}`)]);
    expect(await find('column-secured')).toMatchObject({ level: 'fault', subject: 'lead' });
    await app.allow('all');
  });

  it('tell of a table that is not linked, or no longer', async () => {
    expect(await find('table-not-linked')).toMatchObject({ level: 'warning', subject: 'account' });
    await app.control('POST', 'tables', {
      ...table('account'),
      columns: [{ logicalName: column, type: 'Lookup', targets: ['msdynci_customerprofile'] }],
    });
    expect(await find('unlisted-table')).toMatchObject({ level: 'note', subject: 'account' });
  });

  it('tell what uses a column of the profile, before the next Merge fails of it', async () => {
    const used = { table: 'msdynci_customerprofile', column: 'msdynci_customerid', type: 60, id: iap };
    await app.control('POST', 'dependents', used);
    expect(await find('profile-dependents')).toMatchObject({
      level: 'note',
      subject: 'msdynci_customerprofile.msdynci_customerid',
      finding: expect.stringContaining(`form ${iap}`),
    });
  });

  it('tell what Customer Insights - Journeys waits for', async () => {
    expect(await find('journeys')).toBeUndefined();
    const { runId } = await startRun(app.stack, { mode: 'full', tables: ['contact'] });
    expect((await endOf(app.stack, runId)).status).toBe('Successful');
    expect(await find('journeys')).toMatchObject({ level: 'good' });
  });

  it('tell of another program that writes the same column', async () => {
    expect(await find('other-writer')).toBeUndefined();
    await loadRows(app.stack.dataverseUrl, 'systemuser', [
      { systemuserid: iap, fullname: '# InsightsAppsPlatform', domainname: 'insightsappsplatform@onmicrosoft.com' },
    ]);
    const [contact] = [...app.organisation.truth('contact')].filter(({ profileId }) => profileId !== null);
    await loadRows(app.stack.dataverseUrl, 'contact', [{ contactid: contact?.id ?? '', modifiedby: iap }]);
    expect(await find('other-writer')).toMatchObject({ level: 'warning', subject: 'contact' });
  });

  it('tell that profiles have partitions of their own', async () => {
    expect(await find('elastic-partition')).toBeUndefined();
    await loadRows(app.stack.dataverseUrl, 'msdynci_customerprofile', [
      { msdynci_customerprofileid: iap, partitionid: 'north' },
    ]);
    expect(await find('elastic-partition')).toMatchObject({ level: 'warning' });
  });

  it('tell that the organisation speaks no English', async () => {
    expect(await find('language')).toBeUndefined();
    await app.control('POST', 'limits', { languages: [1031] });
    expect(await find('language')).toMatchObject({ level: 'note', finding: expect.stringContaining('1031') });
  });
});
