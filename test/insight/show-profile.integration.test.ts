import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRows } from '../../local/sample/control-plane.ts';
import { recordIdSchema } from '../../shared/api/schemas.ts';
import { problemSchema } from '../../shared/contracts/problem.ts';
import { profileAnswerSchema } from '../../shared/contracts/profile.ts';
import { logicalNameSchema } from '../../shared/contracts/unification-setup.ts';
import { TerminalError } from '../../shared/errors.ts';
import { segmentsFor } from '../api/mutations.ts';
import { type InsightOrganisation, linkColumn, linkedProfile, startInsight } from './insight-organisation.ts';

const profileTable = 'msdynci_customerprofile';

describe('the profile behind a row', () => {
  let insight: InsightOrganisation;
  beforeAll(async () => {
    insight = await startInsight();
  });
  afterAll(() => insight.close());

  it('tells of every linked row of the sample what Customer Insights wrote about its customer', async () => {
    const parts = insight.partsFor();
    let withActivities = 0;
    for (const { table } of insight.organisation.sourceTables) {
      for (const { id, profileId } of insight.organisation.truth(table)) {
        if (profileId === null) continue;

        const profile = linkedProfile((await insight.ask(parts, table, id)).body);

        const row = insight.profile(profileId) ?? {};
        expect(profile.id).toBe(profileId);
        expect(profile.customerId).toBe(row.msdynci_customerid);
        expect(profile.attributes).toMatchObject({
          msdynci_loyaltytier: row.msdynci_loyaltytier,
          msdynci_lifetimevalue: row.msdynci_lifetimevalue,
          msdynci_churnrisk: row.msdynci_churnrisk,
        });
        const [measures] = insight.about('msdynci_customermeasure', profileId);
        const { CustomerId: _, ...attributes } = JSON.parse(String(measures?.msdynci_measures)) as object & {
          CustomerId: string;
        };
        const [own] = insight.about('msdynci_lifetimevalue', profileId);
        expect(Object.fromEntries(profile.measures.map(({ name, value }) => [name, value]))).toEqual({
          ...attributes,
          'lifetimevalue.totalamount': own?.msdynci_totalamount,
          'lifetimevalue.averageamount': own?.msdynci_averageamount,
        });
        const segments = insight
          .about('msdynci_segmentmembership', profileId)
          .flatMap((found) => JSON.parse(String(found.msdynci_segments)) as string[]);
        expect(profile.segments.map(({ name }) => name)).toEqual(segments);
        const [prediction] = insight.about('msdynci_prediction', profileId);
        expect(profile.predictions).toEqual([
          {
            model: 'SubscriptionChurn',
            provider: 'ChurnModel',
            values: JSON.parse(String(prediction?.msdynci_values)),
          },
        ]);
        const activities = insight
          .about('msdynci_unifiedactivity', profileId)
          .sort((a, b) => String(b.msdynci_activitytime).localeCompare(String(a.msdynci_activitytime)));
        expect(profile.activities.map((found) => found.id)).toEqual(
          activities.map((found) => found.msdynci_activityid),
        );
        withActivities += Math.sign(activities.length);
        expect(profile.withheld).toEqual([]);
      }
    }
    expect(withActivities).toBeGreaterThan(0);
  });

  it('costs two requests once metadata is known: the link, then everything else in one batch', async () => {
    const parts = insight.partsFor();
    const { id } = insight.rowOf('lead');
    await insight.ask(parts, 'lead', id);
    const before = await insight.stats();

    await insight.ask(parts, 'lead', id);

    const after = await insight.stats();
    expect(after.requests.total - before.requests.total).toBe(2);
    expect((after.requests.byKind.batch ?? 0) - (before.requests.byKind.batch ?? 0)).toBe(2);
  });

  it('goes by the newest metadata where a column has left the profile since', async () => {
    const { id, profileId } = insight.rowOf('contact');
    const dataverse = insight.connect();
    let now = 1_000;
    let refusals = 0;
    let metadataReads = 0;
    const parts = {
      ...insight.partsFor(),
      now: () => now,
      dataverse: {
        ...dataverse,
        findReferencing(table: string) {
          metadataReads++;
          return dataverse.findReferencing(table);
        },
        readTogether(...request: Parameters<typeof dataverse.readTogether>) {
          const isOfProfile = request[0].length > 1;
          if (isOfProfile && refusals-- > 0) throw new TerminalError('Could not find a property named msdynci_gone');
          return dataverse.readTogether(...request);
        },
      },
    };
    await insight.ask(parts, 'contact', id);
    expect(metadataReads).toBe(1);

    now += 1_000;
    refusals = 1;
    const mended = await insight.ask(parts, 'contact', id);
    refusals = 2;
    const refusedForGood = await insight.ask(parts, 'contact', id);

    expect(linkedProfile(mended.body).id).toBe(profileId);
    expect(metadataReads).toBe(2);
    expect(refusedForGood.status).toBe(502);
  });

  it('reads metadata again after five minutes', async () => {
    const { id } = insight.rowOf('contact');
    let now = 0;
    const parts = { ...insight.partsFor(), dataverse: insight.connect(), now: () => now };
    const requests = async () => (await insight.stats()).requests.total;
    await insight.ask(parts, 'contact', id);

    const before = await requests();
    now = 299_999;
    await insight.ask(parts, 'contact', id);
    const within = await requests();
    now = 300_000;
    await insight.ask(parts, 'contact', id);

    expect(within - before).toBe(2);
    expect((await requests()) - within).toBe(4);
  });

  it('answers whatever is asked, and asks Dataverse only for what could be a row', async () => {
    const parts = insight.partsFor();
    const { id } = insight.rowOf('contact');
    const anyTable = fc.oneof(fc.constant('contact'), segmentsFor(logicalNameSchema));
    const anyId = fc.oneof(fc.constant(id), segmentsFor(recordIdSchema));
    const anyCaller = fc.oneof(fc.constant(undefined), fc.constant(''), fc.uuid(), fc.stringMatching(/^[!-~]{1,60}$/));
    await fc.assert(
      fc.asyncProperty(anyTable, anyId, anyCaller, async (table, rowId, caller) => {
        const before = (await insight.stats()).requests.total;
        const answer = await insight.ask(parts, table, rowId, caller);

        if (answer.status === 200) profileAnswerSchema.parse(answer.body);
        else problemSchema.parse(answer.body);
        expect([200, 400, 403, 404]).toContain(answer.status);
        if (answer.status === 400) expect((await insight.stats()).requests.total).toBe(before);
      }),
      { numRuns: 200 },
    );
  }, 30_000);

  it('takes a row id in any case', async () => {
    const { id, profileId } = insight.rowOf('contact');

    const { body } = await insight.ask(insight.partsFor(), 'contact', id.toUpperCase());

    expect(linkedProfile(body).id).toBe(profileId);
  });

  it.each([
    ['a table that is no source', 'queue', '00000000-0000-4000-8000-000000000001', 404],
    ['a row that does not exist', 'contact', '00000000-0000-4000-8000-000000000001', 404],
    ['an id that is none', 'contact', 'x', 400],
    ['a table name that is none', 'contact)/x', '00000000-0000-4000-8000-000000000001', 400],
  ])('says of %s that there is none', async (_, table, id, status) => {
    const answer = await insight.ask(insight.partsFor(), table, id);

    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  });
});

describe('a row without a profile', () => {
  let insight: InsightOrganisation;
  beforeAll(async () => {
    insight = await startInsight();
  });
  afterAll(() => insight.close());

  /** Changes a linked contact's world, and asks why it is unlinked. */
  const contact = (n: number) => {
    // One of each profile, so that what is done to one leaves the others alone.
    const byProfile = new Map([...insight.organisation.truth('contact')].map(({ id, profileId }) => [profileId, id]));
    const [profileId, id] = [...byProfile].filter(([profile]) => profile !== null)[n] ?? [];
    if (profileId == null || id === undefined) throw new Error('The sample has too few contacts');
    return { id, profileId };
  };
  const unlink = (id: string) => loadRows(insight.url, 'contact', [{ contactid: id, [linkColumn]: null }]);
  const removeProfile = (id: string) => loadRows(insight.url, profileTable, [{ $delete: id }]);
  const mapRowsOf = (profileId: string) =>
    [...insight.organisation.rowsOf('msdynci_alternatekey')].filter(
      (row) => row.msdynci_lookupfield_customer === profileId,
    );
  const reasonFor = async (table: string, id: string, parts = insight.partsFor()) => {
    const { status, body } = await insight.ask(parts, table, id);
    expect(status).toBe(200);
    return body as { linked: boolean; reason: string; explanation: string };
  };

  it('was not unified', async () => {
    const { id } = insight.rowOf('contact', false);

    expect(await reasonFor('contact', id)).toMatchObject({ linked: false, reason: 'notUnified' });
  });

  it('waits for a profile that the map names already', async () => {
    const { id, profileId } = contact(0);
    await unlink(id);
    await removeProfile(profileId);

    expect(await reasonFor('contact', id)).toMatchObject({ linked: false, reason: 'waiting' });
  });

  it('is found in the map however its key is written there', async () => {
    const rows = [...insight.organisation.truth('lead')].filter(({ profileId }) => profileId !== null);
    await loadRows(
      insight.url,
      'lead',
      rows.map(({ id }) => ({ leadid: id, [linkColumn]: null })),
    );

    for (const { id } of rows) expect((await reasonFor('lead', id)).reason).not.toBe('notUnified');
    expect(rows.length).toBeGreaterThan(10);
  });

  it('has a customer without profile', async () => {
    const { id, profileId } = contact(1);
    await unlink(id);
    await removeProfile(profileId);
    await loadRows(
      insight.url,
      'msdynci_alternatekey',
      mapRowsOf(profileId).map((row) => ({
        msdynci_alternatekeyid: String(row.msdynci_alternatekeyid),
        msdynci_lookupfield_customer: null,
      })),
    );

    expect(await reasonFor('contact', id)).toMatchObject({ linked: false, reason: 'noProfile' });
  });

  it('will be linked by the next run, or could not be: then with the reason', async () => {
    const { id, profileId } = contact(2);
    await unlink(id);

    expect(await reasonFor('contact', id)).toMatchObject({ linked: false, reason: 'notLinkedYet' });

    const at = '2026-03-01T08:00:00.000Z';
    const why = { cause: 'failed' as const, reason: 'Dataverse refused the row: e-mail is missing.' };
    await insight.pendingRows.update('contact', {
      keep: [{ id, mapRowId: profileId, version: 1, firstTriedAt: at, lastTriedAt: at, runId: 'r', ...why }],
    });
    expect(await reasonFor('contact', id)).toEqual({
      linked: false,
      table: 'contact',
      id,
      reason: 'failed',
      explanation: why.reason,
    });
  });

  it('is left apart, since its profile belongs to another business unit', async () => {
    const { id, profileId } = contact(4);
    await unlink(id);
    const at = '2026-03-01T08:00:00.000Z';
    const reason = 'The row belongs to business unit North, its profile to business unit South.';
    await insight.pendingRows.update('contact', {
      keep: [
        {
          id,
          mapRowId: profileId,
          version: 1,
          firstTriedAt: at,
          lastTriedAt: at,
          runId: 'r',
          cause: 'acrossUnits',
          reason,
        },
      ],
    });

    expect(await reasonFor('contact', id)).toMatchObject({
      reason: 'acrossUnits',
      explanation: `${reason} It is left without a link for that, as the set-up says; each run judges it anew.`,
    });
  });

  it('is linked to a profile that is gone', async () => {
    const { id, profileId } = contact(3);
    await removeProfile(profileId);

    expect(await reasonFor('contact', id)).toMatchObject({ linked: false, reason: 'orphan' });
  });

  it('is in a table that was never linked', async () => {
    const task = { logicalName: 'account2', schemaName: 'account2', primaryId: 'account2id' };
    const id = '00000000-0000-4000-8000-000000000002';
    const definition = { ...task, tableType: 'Standard', changeTracking: true, bulk: true, columns: [] };
    await fetch(`${insight.url}/__control/tables`, { method: 'POST', body: JSON.stringify(definition) });
    await loadRows(insight.url, task.logicalName, [{ account2id: id }]);
    const { tables } = insight.partsFor().options.setup;
    const [first] = tables;
    if (first === undefined) throw new Error('No source table');
    // A client of its own: another keeps what it knows of metadata.
    const parts = {
      ...insight.partsFor({ tables: [...tables, { ...first, table: 'account2', primaryKey: 'account2id' }] }),
      dataverse: insight.connect(),
    };
    await fetch(`${insight.url}/__control/application-users/11111111-2222-4333-8444-555555555555`, {
      method: 'PUT',
      body: JSON.stringify({ privileges: 'all' }),
    });

    expect(await reasonFor('account2', id, parts)).toMatchObject({ linked: false, reason: 'noColumn' });
  });
});
