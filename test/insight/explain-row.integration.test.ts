import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { businessUnits, keepUnitsApart, putPerson, unitOfCustomer } from '../../local/sample/business-units.ts';
import { loadRows } from '../../local/sample/control-plane.ts';
import { explanationSchema } from '../../shared/contracts/explanation.ts';
import { LinkStates } from '../../shared/state/link-states.ts';
import { MapIndex } from '../../shared/state/map-index.ts';
import { PendingRows } from '../../shared/state/pending-rows.ts';
import { RowOutcomes } from '../../shared/state/row-outcomes.ts';
import { MemoryTable } from '../api/memory-parts.ts';
import { type InsightOrganisation, linkColumn, startInsight } from './insight-organisation.ts';

const profileTable = 'msdynci_customerprofile';
const mapTable = 'msdynci_alternatekey';
const runId = '0123456789abcdef0123456789abcdef';
const at = '2026-03-01T08:00:00.000Z';

/** Parts whose state is in one table in memory that counts what is asked of it. */
function countedParts(insight: InsightOrganisation, more = {}) {
  const storage = new MemoryTable();
  const parts = {
    ...insight.partsFor(more),
    mapIndex: new MapIndex(storage),
    pendingRows: new PendingRows(storage),
    rowOutcomes: new RowOutcomes(storage),
    linkStates: new LinkStates(storage),
    ownUsers: async (): Promise<string[]> => [],
  };
  return { parts, storage };
}

describe('the explanation of a row', () => {
  let insight: InsightOrganisation;
  beforeAll(async () => {
    insight = await startInsight();
  });
  afterAll(() => insight.close());

  const explain = async (table: string, id: string, parts = countedParts(insight).parts) => {
    const { status, body } = await insight.explain(parts, table, id);
    expect(status).toBe(200);
    return explanationSchema.parse(body);
  };
  /** Contacts of profiles that nothing else here touches. */
  const contact = (n: number) => {
    const byProfile = new Map([...insight.organisation.truth('contact')].map(({ id, profileId }) => [profileId, id]));
    const [profileId, id] = [...byProfile].filter(([profile]) => profile !== null)[n] ?? [];
    if (profileId == null || id === undefined) throw new Error('The sample has too few contacts');
    return { id, profileId };
  };
  const customerOf = (profileId: string) => String(insight.profile(profileId)?.msdynci_customerid);
  const link = (id: string, profileId: string | null) =>
    loadRows(insight.url, 'contact', [{ contactid: id, [linkColumn]: profileId }]);
  const mapRowsOf = (profileId: string) => insight.about(mapTable, profileId);
  const mapRowFor = (id: string, profileId: string | null, more: Record<string, unknown> = {}) => {
    const [source] = insight.partsFor().options.setup.tables.filter(({ table }) => table === 'contact');
    return {
      msdynci_alternatekeyid: crypto.randomUUID(),
      msdynci_datasourcename: source?.dataSource ?? '',
      msdynci_entityname: source?.entity ?? '',
      msdynci_alternatevalue: id,
      msdynci_customerid: profileId === null ? '' : customerOf(profileId),
      msdynci_lookupfield_customer: profileId,
      ...more,
    };
  };

  it('names the map rows, the customer and all its source rows of every linked row of the sample', async () => {
    let others = 0;
    for (const { table } of insight.organisation.sourceTables) {
      for (const { id, profileId } of insight.organisation.truth(table)) {
        if (profileId === null) continue;

        const told = await explain(table, id);

        const customerId = customerOf(profileId);
        expect(told.link).toEqual({ profileId, customerId });
        expect(told.requirements).toEqual([]);
        expect(told.mapRows).toMatchObject([{ customerId, profileId, hasProfile: true, counts: true }]);
        expect(told.customer).toMatchObject({ customerId, profileId, isWhole: true });
        const listed = told.customer?.records ?? [];
        const keys = mapRowsOf(profileId).map((row) => String(row.msdynci_alternatevalue).trim().toLowerCase());
        expect(listed.map(({ key }) => key.toLowerCase().replaceAll('-', '')).sort()).toEqual(
          keys.map((key) => key.replaceAll(/[{}-]/g, '')).sort(),
        );
        for (const record of listed) expect(record.state).toBe(record.table === null ? 'otherSource' : 'linked');
        others += listed.length - 1;
        expect(told.next).toEqual({
          does: 'nothing',
          explanation: 'Nothing: the row is linked to the profile that the map gives it.',
        });
        expect(told.earlier).toEqual([]);
        expect(Object.keys(told)).not.toContain('pending');
        expect(Object.keys(told)).not.toContain('hold');
        expect(told.notKnown.join(' ')).toContain('which rule matched this row, nor with what score');
      }
    }
    expect(others).toBeGreaterThan(10);
  }, 60_000);

  it('costs three requests, one of them the batch of all that the map names, and three reads of the state', async () => {
    const { parts, storage } = countedParts(insight);
    const { id } = contact(0);
    await explain('contact', id, parts);
    const [before, readBefore] = [await insight.stats(), storage.calls];

    await explain('contact', id, parts);

    const after = await insight.stats();
    expect(after.requests.total - before.requests.total).toBe(3);
    expect(storage.calls - readBefore).toBeLessThanOrEqual(3);
  });

  it('says which of several map rows counts: the newest whose profile is there', async () => {
    const [{ id, profileId }, other, gone] = [contact(1), contact(2), contact(3)];
    await loadRows(insight.url, profileTable, [{ $delete: gone.profileId }]);
    await loadRows(insight.url, mapTable, [
      mapRowFor(`{${id.toUpperCase()}}`, other.profileId),
      mapRowFor(id.replaceAll('-', ''), gone.profileId),
    ]);
    const { parts, storage } = countedParts(insight);
    await parts.pendingRows.update('contact', {
      keep: [{ id, cause: 'waiting', reason: 'Not there yet.', firstTriedAt: at, lastTriedAt: at, runId }],
    });
    await explain('contact', id, parts);
    const readBefore = storage.calls;

    const told = await explain('contact', id, parts);

    expect(storage.calls - readBefore).toBeLessThanOrEqual(3);
    expect(told.mapRows.map(({ key, counts, hasProfile }) => ({ key, counts, hasProfile }))).toEqual([
      { key: id.replaceAll('-', ''), counts: false, hasProfile: false },
      { key: `{${id.toUpperCase()}}`, counts: true, hasProfile: true },
      { key: expect.any(String), counts: false, hasProfile: true },
    ]);
    expect(told.mapRows.map(({ why }) => why)).toEqual([
      'It is newer, and its profile is not in Dataverse yet: it counts as soon as the profile is there.',
      'It is the newest whose profile is in Dataverse.',
      'It does not count: it is older than the one that does.',
    ]);
    expect(told.link?.profileId).toBe(profileId);
    expect(told.next).toMatchObject({ does: 'move', profileId: other.profileId });
    expect(told.customer?.isWhole).toBe(false);
  });

  it('finds a map row whose key is spelt as no query looks for it, by the index', async () => {
    const { id, profileId } = contact(4);
    const odd = mapRowFor(`  ${id}  `, profileId);
    await loadRows(insight.url, mapTable, [
      ...mapRowsOf(profileId).map((row) => ({ $delete: String(row.msdynci_alternatekeyid) })),
      odd,
    ]);
    const { parts } = countedParts(insight);
    expect((await explain('contact', id, parts)).next.does).toBe('clear');
    await parts.mapIndex.note('contact', [{ mapRowId: odd.msdynci_alternatekeyid, sourceId: id, isHidden: true }]);

    expect((await explain('contact', id, parts)).mapRows).toMatchObject([
      { id: odd.msdynci_alternatekeyid, counts: true },
    ]);
  });

  it('says what waits, and since when', async () => {
    const { id, profileId } = contact(5);
    await link(id, null);
    await loadRows(insight.url, profileTable, [{ $delete: profileId }]);
    const { parts } = countedParts(insight);
    await parts.pendingRows.update('contact', {
      keep: [{ id, cause: 'waiting', reason: 'Not there yet.', firstTriedAt: at, lastTriedAt: at, runId }],
    });

    const told = await explain('contact', id, parts);

    expect(told.next.does).toBe('wait');
    expect(told.pending).toEqual({ cause: 'waiting', reason: 'Not there yet.', since: at, lastTriedAt: at, runId });
    expect(told.customer?.records).toContainEqual(expect.objectContaining({ key: id, state: 'notLinked' }));
    expect(told.mapRows[0]?.why).toBe('It is the only one that names this row; its profile is not in Dataverse.');
  });

  it('says of a row that unification made no customer of what becomes of its link', async () => {
    const { id } = insight.rowOf('contact', false);
    const told = await explain('contact', id);
    expect(told).toMatchObject({ mapRows: [], next: { does: 'nothing' } });
    expect(told.next.explanation).toContain('unification made no customer of this row');
  });

  it('says which hold keeps a move back', async () => {
    const [{ id }, other] = [contact(6), contact(7)];
    await loadRows(insight.url, mapTable, [mapRowFor(id, other.profileId)]);
    const { parts } = countedParts(insight);
    const { state, etag } = await parts.linkStates.load({ table: 'contact' });
    const hold = {
      id: '0123456789abcdef',
      count: 40,
      linkedRows: 100,
      limitPercent: 10,
      since: at,
      shownAt: at,
      sample: [],
    };
    const holding = (kind: 'clear' | 'move', confirmed: string[]) => ({
      ...state,
      linking: { linkedRows: 100, holds: [{ ...hold, kind }], confirmed },
    });
    const second = await parts.linkStates.save({ table: 'contact' }, holding('move', []), etag);

    expect(await explain('contact', id, parts)).toMatchObject({
      hold: { id: hold.id, kind: 'move', count: 40, since: at },
      next: {
        does: 'hold',
        profileId: other.profileId,
        explanation: expect.stringContaining(`confirms hold ${hold.id}`),
      },
    });
    const third = await parts.linkStates.save({ table: 'contact' }, holding('move', [hold.id]), second);
    expect(await explain('contact', id, parts)).toMatchObject({ next: { does: 'move' } });
    await parts.linkStates.save({ table: 'contact' }, holding('clear', []), third);
    expect(await explain('contact', id, parts)).toMatchObject({ next: { does: 'move' } });
  });

  it('tells the customers that the row had before, and how it came from each to the next', async () => {
    const [{ id, profileId }, splitFrom] = [contact(8), contact(9)];
    const merged = 'a'.repeat(32);
    await loadRows(insight.url, profileTable, [
      {
        msdynci_customerprofileid: profileId,
        msdynci_previouscustomerid: `${merged}; ${customerOf(splitFrom.profileId)}`,
      },
    ]);
    const { parts } = countedParts(insight);
    const moved = { id, outcome: 'relinked' as const, profileId, customerId: customerOf(profileId) };
    const absent = '0b0b0b0b-0000-4000-8000-000000000001';
    const tell = (run: string, time: string, more: object) =>
      parts.rowOutcomes.record(run, 'contact', [{ ...moved, at: time, ...more }]);
    await tell('1'.repeat(32), '2026-03-01T01:00:00.000Z', { previousProfileId: absent, previousCustomerId: merged });
    await tell('2'.repeat(32), '2026-03-02T01:00:00.000Z', {
      previousProfileId: splitFrom.profileId,
      previousCustomerId: customerOf(splitFrom.profileId),
    });
    await tell('3'.repeat(32), '2026-03-03T01:00:00.000Z', {
      previousProfileId: absent,
      previousCustomerId: 'b'.repeat(32),
    });
    await tell('4'.repeat(32), '2026-03-04T01:00:00.000Z', { previousProfileId: contact(10).profileId });
    await tell('5'.repeat(32), '2026-03-05T01:00:00.000Z', {
      outcome: 'cleared',
      previousProfileId: profileId,
      profileId: undefined,
      customerId: undefined,
    });
    await parts.rowOutcomes.record('6'.repeat(32), 'contact', [{ ...moved, at, previousProfileId: absent }], {
      isReal: false,
    });

    const { earlier } = await explain('contact', id, parts);

    expect(earlier.map(({ kind, runId: run }) => [kind, run[0]])).toEqual([
      ['left', '5'],
      ['moved', '4'],
      ['rekeyed', '3'],
      ['split', '2'],
      ['merged', '1'],
    ]);
    expect(earlier.at(-1)).toMatchObject({ customerId: merged, profileId: absent, nextProfileId: profileId });

    // What is pruned is told no longer.
    await parts.rowOutcomes.remove('5'.repeat(32), 'contact', 1_000);
    expect((await explain('contact', id, parts)).earlier.map(({ kind }) => kind)).not.toContain('left');
  });

  it('says who changed the row last, and whether that was this app', async () => {
    const { id } = contact(0);
    const { changed } = await explain('contact', id);
    expect(changed).toMatchObject({ at: expect.any(String), by: expect.any(String), isThisApp: false });
    const by = changed?.by ?? '';

    const parts = { ...countedParts(insight).parts, ownUsers: async () => [by] };
    expect((await explain('contact', id, parts)).changed).toMatchObject({ by, isThisApp: true });
  });

  it('names the requirement that excludes the table', async () => {
    const { id } = contact(0);
    const { parts } = countedParts(insight);
    const { setup } = parts.options;
    const tables = setup.tables.map((source) => ({ ...source, connector: 'other' as const }));

    const told = await explain('contact', id, { ...parts, options: { ...parts.options, setup: { ...setup, tables } } });

    expect(told.requirements).toMatchObject([{ code: 'connector' }]);
    expect(told.next).toMatchObject({
      does: 'skip',
      explanation: expect.stringContaining('not ingested through a Dataverse connector'),
    });

    const without = {
      ...countedParts(insight).parts,
      checkPrivileges: async () =>
        new Map([
          [
            'contact',
            { findings: [{ code: 'privilege-missing' as const, finding: 'No.', remedy: 'Grant.' }], notes: [] },
          ],
        ]),
    };
    expect((await explain('contact', id, without)).requirements).toMatchObject([{ code: 'privilege-missing' }]);
  });

  it.each([
    ['a table that is no source', 'queue', '00000000-0000-4000-8000-000000000001', 404],
    ['a row that does not exist', 'contact', '00000000-0000-4000-8000-000000000001', 404],
    ['an id that is none', 'contact', 'x', 400],
    ['a table name that is none', 'contact)/x', '00000000-0000-4000-8000-000000000001', 400],
  ])('says of %s that there is none', async (_, table, id, status) => {
    const answer = await insight.explain(countedParts(insight).parts, table, id);

    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  });
});

describe('the explanation of a row, where business units are kept apart', () => {
  const [inNorth, rowsAlone] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
  const [north, south] = businessUnits;
  let insight: InsightOrganisation;
  beforeAll(async () => {
    insight = await startInsight({ rows: 120 });
    await keepUnitsApart(insight.url, insight.organisation);
    const all = insight.organisation.tables.map(({ schemaName }) => schemaName);
    const reads = all.filter((name) => name !== mapTable);
    await putPerson(insight.url, { objectId: inNorth, unit: north, reads, depth: 'Local' });
    await putPerson(insight.url, { objectId: rowsAlone, unit: south, reads: ['Contact'], depth: 'Global' });
  });
  afterAll(() => insight.close());

  const customerOf = (profileId: string) => String(insight.profile(profileId)?.msdynci_customerid);
  const contactsOf = (unit: (typeof businessUnits)[number]) =>
    [...insight.organisation.truth('contact')].flatMap(({ id, profileId }) =>
      profileId !== null && unitOfCustomer(customerOf(profileId)) === unit ? [{ id, profileId }] : [],
    );
  const parts = () => countedParts(insight, { businessUnits: {} }).parts;

  it('is the same for whoever may read all of it', async () => {
    for (const { id, profileId } of contactsOf(north).slice(0, 5)) {
      const told = explanationSchema.parse((await insight.explain(parts(), 'contact', id, inNorth)).body);
      expect(told).toMatchObject({ link: { profileId }, customer: { profileId }, next: { does: 'nothing' } });
    }
  });

  it('tells a unit of another unit’s row what it tells of a row that does not exist', async () => {
    const [row] = contactsOf(south);
    const missing = '00000000-0000-4000-8000-0000000000ff';
    const [answer, ofMissing] = await Promise.all(
      [row?.id ?? '', missing].map((id) => insight.explain(parts(), 'contact', id, inNorth)),
    );
    expect(JSON.stringify(answer)).toBe(JSON.stringify(ofMissing).replaceAll(missing, row?.id ?? ''));
  });

  it('names no customer whom the person may not read, not even one that the row had before', async () => {
    const [row, other] = contactsOf(north);
    if (row === undefined || other === undefined) throw new Error('The sample has too few contacts in North');
    const given = parts();
    await given.rowOutcomes.record(runId, 'contact', [
      {
        id: row.id,
        outcome: 'relinked',
        at,
        previousProfileId: other.profileId,
        previousCustomerId: customerOf(other.profileId),
        profileId: row.profileId,
        customerId: customerOf(row.profileId),
      },
    ]);

    const { status, body } = await insight.explain(given, 'contact', row.id, rowsAlone);

    expect(status).toBe(200);
    expect(explanationSchema.parse(body)).toMatchObject({
      link: { profileId: null, customerId: null },
      mapRows: [{ customerId: null, profileId: null, hasProfile: null }],
      next: { does: 'unknown' },
      earlier: [{ kind: 'unknown', customerId: null, profileId: null, nextCustomerId: null, nextProfileId: null }],
    });
    for (const { profileId } of [row, other])
      for (const secret of [profileId, customerOf(profileId)]) expect(JSON.stringify(body)).not.toContain(secret);
  });

  it('is for a person only', async () => {
    const [row] = contactsOf(north);
    expect(await insight.explain(parts(), 'contact', row?.id ?? '')).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('the explanation is shown to a person only. Sign in.') },
    });
  });
});
