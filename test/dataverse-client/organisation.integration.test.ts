import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Row } from '../../shared/dataverse/dataverse.ts';
import { isExpiredChangesError, isTerminalError } from '../../shared/errors.ts';
import { guid } from './fake-http.ts';
import {
  CLIENT_ID,
  COLUMN,
  contacts,
  link,
  lookupOn,
  type Organisation,
  profileOf,
  startOrganisation,
  withLookup,
} from './organisation.ts';

let organisation: Organisation;
beforeEach(async () => {
  organisation = await startOrganisation();
});
afterEach(() => organisation.close());

const LINK = `_${COLUMN}_value`;

/** Every row of a table, page by page. */
async function readAll(entitySetName: string, select: readonly string[], pageSize = 5000): Promise<Row[]> {
  const dataverse = organisation.connect();
  const rows: Row[] = [];
  let nextLink: string | undefined;
  do {
    const page = await dataverse.readPage({ entitySetName, select, pageSize, nextLink });
    rows.push(...page.rows);
    nextLink = page.nextLink;
  } while (nextLink);
  return rows;
}

describe('metadata', () => {
  it('reads several tables in one request, with columns only where asked', async () => {
    const dataverse = organisation.connect();

    const tables = await dataverse.readTables({
      tables: ['contact', 'queue', 'nosuchtable'],
      withColumns: ['contact'],
    });

    expect((await organisation.stats()).requests.total).toBe(1);
    expect([...tables.keys()].sort()).toEqual(['contact', 'queue']);
    expect(tables.get('contact')).toMatchObject({
      schemaName: 'Contact',
      displayName: 'Contact',
      entitySetName: 'contacts',
      primaryId: 'contactid',
      primaryName: 'fullname',
      tableType: 'Standard',
      changeTracking: true,
    });
    expect(tables.get('contact')?.columns.get('fullname')).toBe('String');
    expect(tables.get('queue')?.columns.size).toBe(0);
  });

  it('D34 makes the lookup once, tells when it is there already, and learns its navigation property', async () => {
    const dataverse = organisation.connect();
    const tables = await dataverse.readTables({ tables: ['contact', 'msdynci_customerprofile'] });
    const contact = tables.get('contact');
    const profile = tables.get('msdynci_customerprofile');
    if (!contact || !profile) throw new Error('The tables are missing.');

    const outcomes = [
      await dataverse.createLookup(lookupOn(contact, profile)),
      await dataverse.createLookup(lookupOn(contact, profile)),
    ];
    const read = await dataverse.readTables({ tables: ['contact'], strong: true });

    expect(outcomes).toEqual(['created', 'exists']);
    expect(read.get('contact')?.lookups).toContainEqual({
      column: COLUMN,
      navigationProperty: COLUMN,
      referencedTable: 'msdynci_customerprofile',
      relationship: 'msdynci_customerprofile_contact',
      metadataId: expect.any(String),
    });
  });

  it('D33 waits for another customization to end', async () => {
    await organisation.control('POST', 'faults', {
      match: { kind: 'metadataWrite' },
      times: 2,
      fault: {
        status: 429,
        code: '0x80071151',
        message: 'Cannot start another [EntityCustomization] because there is one.',
      },
    });
    const slept: number[] = [];
    const sleep = async (ms: number): Promise<void> => {
      slept.push(ms);
    };

    const contact = await withLookup(organisation.connect({ sleep }), 'contact');

    expect(contact.lookups.some(({ column }) => column === COLUMN)).toBe(true);
    expect(slept.length).toBe(2);
    expect(Math.min(...slept)).toBeGreaterThan(3_000);
  });
});

describe('reading', () => {
  it('D3 reads every row once, page by page', async () => {
    await organisation.load('contact', contacts(1234));

    const rows = await readAll('contacts', ['contactid', 'fullname'], 100);

    expect(new Set(rows.map(({ contactid }) => contactid)).size).toBe(1234);
    expect(rows.length).toBe(1234);
  });

  it('D7 D8 drains all rows, then what changed and what was deleted', async () => {
    await organisation.load('contact', contacts(250));
    const dataverse = organisation.connect();
    const drain = async (link: string | undefined) => {
      const rows: Row[] = [];
      const deleted: string[] = [];
      let next = link;
      for (;;) {
        const page = await dataverse.readChanges({
          entitySetName: 'contacts',
          select: ['contactid', 'fullname'],
          pageSize: 100,
          link: next,
        });
        rows.push(...page.rows);
        deleted.push(...page.deleted);
        if (page.deltaLink) return { rows, deleted, deltaLink: page.deltaLink };
        next = page.nextLink;
      }
    };

    const full = await drain(undefined);
    await organisation.load('contact', [{ contactid: guid(7), fullname: 'Changed' }, { $delete: guid(9) }]);
    const delta = await drain(full.deltaLink);
    const nothing = await drain(delta.deltaLink);

    expect([full.rows.length, full.deleted]).toEqual([250, []]);
    expect(delta.rows.map(({ contactid, fullname }) => [contactid, fullname])).toEqual([[guid(7), 'Changed']]);
    expect(delta.deleted).toEqual([guid(9)]);
    expect([nothing.rows, nothing.deleted]).toEqual([[], []]);
  });

  it('D10 tells that changes are no longer known after the schema has changed', async () => {
    await organisation.load('contact', contacts(3));
    const dataverse = organisation.connect();
    const request = { entitySetName: 'contacts', select: ['contactid'], pageSize: 100 };
    const { deltaLink, deltaAt, answeredAt } = await dataverse.readChanges(request);
    // By one clock, whose seconds both tell: a link that is in time is no later than its reading's first answer.
    expect(deltaAt).toBeLessThanOrEqual(answeredAt ?? 0);
    await withLookup(dataverse, 'contact');

    await expect(dataverse.readChanges({ ...request, link: deltaLink })).rejects.toSatisfy(isExpiredChangesError);
  });

  it('refuses to drain a table that does not track its changes, and says what to do', async () => {
    const dataverse = organisation.connect();

    const reading = dataverse.readChanges({ entitySetName: 'queues', select: ['queueid'], pageSize: 100 });

    await expect(reading).rejects.toSatisfy((error) => isTerminalError(error) && /Track changes/i.test(error.message));
  });

  it('D4 D5 reads a short list with one GET, and thousands of ids in one batch', async () => {
    await organisation.load('contact', contacts(6000));
    const dataverse = organisation.connect();
    const list = (count: number) => ({
      entitySetName: 'contacts',
      select: ['contactid'],
      column: 'contactid',
      values: Array.from({ length: count }, (_, n) => guid(n)),
    });

    const [few] = await dataverse.readLists([list(700)]);
    const afterFew = (await organisation.stats()).requests;
    const many = await dataverse.readLists([list(5000), list(0), { ...list(10), filter: "fullname eq 'Contact 3'" }]);
    const afterMany = (await organisation.stats()).requests;

    expect(few?.length).toBe(700);
    expect(afterFew.byKind).toEqual({ query: 1 });
    expect(many.map((rows) => rows.length)).toEqual([5000, 0, 1]);
    expect(afterMany.total).toBe(2);
  });

  it('D5 finds values with apostrophes, quotes and signs that URLs treat specially', async () => {
    const names = ["O'Hara", 'a "b" c', 'x&y=z#1+%', 'Ü, {ß}', 'back\\slash'];
    await organisation.load(
      'contact',
      names.map((fullname, n) => ({ contactid: guid(n), fullname })),
    );
    const dataverse = organisation.connect();
    const list = { entitySetName: 'contacts', select: ['fullname'], column: 'fullname', values: names };

    const [alone] = await dataverse.readLists([list]);
    const [, batched] = await dataverse.readLists([{ ...list, values: ['x'] }, list]);

    expect(alone?.map(({ fullname }) => fullname).sort()).toEqual([...names].sort());
    expect(batched?.map(({ fullname }) => fullname).sort()).toEqual([...names].sort());
  });

  it('reads a list whole where many rows share a value', async () => {
    await organisation.load(
      'contact',
      contacts(7000).map((row) => ({ ...row, emailaddress1: 'same@example.org' })),
    );
    const dataverse = organisation.connect();

    const [rows] = await dataverse.readLists([
      { entitySetName: 'contacts', select: ['contactid'], column: 'emailaddress1', values: ['same@example.org'] },
    ]);

    expect(new Set(rows?.map(({ contactid }) => contactid)).size).toBe(7000);
  });

  it('reads several answers and definitions in one request, and tells of each that may not be read', async () => {
    const poor = guid(0xa4);
    await organisation.control('PUT', `application-users/${poor}`, {
      privileges: ['prvReadEntity', 'prvReadAttribute', 'prvReadRelationship'],
    });
    const dataverse = organisation.connect({ clientIds: [poor] });
    const paths = [
      'WhoAmI',
      "EntityDefinitions?$select=LogicalName&$filter=LogicalName%20eq%20'contact'",
      'systemusers',
    ];
    const [who, definitions, users] = await dataverse.readObjects(paths, 'look around');

    expect(who).toMatchObject({ UserId: expect.any(String) });
    expect(definitions).toMatchObject({ value: [{ LogicalName: 'contact' }] });
    expect(users).toSatisfy((error) => isTerminalError(error) && /prvReadUser/.test(error.message));
    // What was refused in the batch was asked for once more, by itself.
    expect((await organisation.stats()).requests.byKind).toEqual({ batch: 1, query: 1 });
  });

  it('counts the rows of a table', async () => {
    await organisation.load('contact', contacts(42));

    expect(await organisation.connect().countRows('contact')).toBe(42);
  });
});

describe('writing', () => {
  it('I3 links rows in bulk and clears links again, and writes no other column', async () => {
    await organisation.load('contact', contacts(2500));
    const dataverse = organisation.connect();
    const table = await withLookup(dataverse, 'contact');
    const rows = Array.from({ length: 2500 }, (_, n) => link(n));

    const linked = await dataverse.update({ table, rows, warmUp: true });
    const links = new Map((await readAll('contacts', ['contactid', LINK])).map((row) => [row.contactid, row[LINK]]));
    const cleared = await dataverse.update({ table, rows: [link(1, null), link(2, null)] });
    const left = (await readAll('contacts', ['contactid', LINK])).filter((row) => row[LINK] === null);

    expect(linked.written.length).toBe(2500);
    expect(rows.every(({ id }, n) => links.get(id) === profileOf(n))).toBe(true);
    expect(cleared.written.length).toBe(2);
    expect(left.map(({ contactid }) => contactid).sort()).toEqual([guid(1), guid(2)]);
    const { columnsWritten } = await organisation.stats();
    expect(Object.keys(columnsWritten.contact ?? {})).toEqual([COLUMN]);
  });

  it('D12 writes a table without bulk messages in batches, and creates no row that is gone', async () => {
    await organisation.load('queue', [{ queueid: guid(1) }, { queueid: guid(2) }, { queueid: guid(3) }]);
    const dataverse = organisation.connect();
    const table = await withLookup(dataverse, 'queue');

    const report = await dataverse.update({ table, rows: [link(1), link(2), link(99), link(3, null)] });

    expect(report).toEqual({ written: [guid(1), guid(2), guid(3)], gone: [guid(99)], failed: [], unsent: [] });
    expect((await readAll('queues', ['queueid'])).length).toBe(3);
  });

  it('D18 D19 I6 isolates gone and bad rows; every other row is written', async () => {
    await organisation.load('contact', contacts(3000));
    const dataverse = organisation.connect();
    const table = await withLookup(dataverse, 'contact');
    const bad = [17, 18, 1999].map(guid);
    await organisation.control(
      'POST',
      'faults',
      bad.map((rowId) => ({ match: { rowId }, fault: { status: 400, code: '0x80040265', message: 'Rejected.' } })),
    );
    const rows = Array.from({ length: 3010 }, (_, n) => link(n));

    const report = await dataverse.update({ table, rows });

    expect(report.failed.map(({ id }) => id).sort()).toEqual(bad);
    expect(report.failed[0]).toMatchObject({ code: '0x80040265', message: 'Rejected.' });
    expect([...report.gone].sort()).toEqual(Array.from({ length: 10 }, (_, n) => guid(3000 + n)));
    expect(report.written.length).toBe(2997);
    expect((await organisation.stats()).rowsWritten).toEqual({ contact: 2997 });
  });

  it('D35 D36 waits for a new column to be known everywhere, with one request at first', async () => {
    await organisation.load('contact', contacts(3000));
    await organisation.control('POST', 'limits', { schemaLagSeconds: 3, timeScale: 1, bulkPreparationMs: 200 });
    const dataverse = organisation.connect();
    const table = await withLookup(dataverse, 'contact');

    const report = await dataverse.update({
      table,
      rows: Array.from({ length: 3000 }, (_, n) => link(n)),
      warmUp: true,
    });

    expect(report.written.length).toBe(3000);
  });

  it('writes again what may or may not have been written when the answer was lost', async () => {
    await organisation.load('contact', contacts(200));
    const dataverse = organisation.connect();
    const table = await withLookup(dataverse, 'contact');
    await organisation.control('POST', 'faults', {
      match: { kind: 'updateMultiple' },
      times: 1,
      after: 'after',
      fault: { drop: true },
    });

    const report = await dataverse.update({ table, rows: Array.from({ length: 200 }, (_, n) => link(n)) });

    expect(report.written.length).toBe(200);
    const rows = await readAll('contacts', ['contactid', LINK]);
    expect(rows.every((row) => row[LINK] === profileOf(Number.parseInt(String(row.contactid).slice(-12), 16)))).toBe(
      true,
    );
  });

  it('D29 I9 stays within the budgets, and waits out a Retry-After to the millisecond', async () => {
    await organisation.load('contact', contacts(5000));
    const dataverse = organisation.connect();
    const table = await withLookup(dataverse, 'contact');
    await organisation.control('POST', 'faults', {
      match: { kind: 'updateMultiple' },
      times: 1,
      fault: { status: 429, code: '0x80072321', message: 'Combined execution time exceeded.', retryAfter: 2 },
    });
    const started = performance.now();

    const report = await dataverse.update({ table, rows: Array.from({ length: 5000 }, (_, n) => link(n)) });

    expect(report.written.length).toBe(5000);
    expect(performance.now() - started).toBeGreaterThan(2_000);
    expect((await organisation.stats()).rowsWritten).toEqual({ contact: 5000 });
  });

  it('spreads writes over identities, and leaves out one that is refused', async () => {
    const [second, disabled] = [guid(0xa2), guid(0xa3)];
    await organisation.control('PUT', `application-users/${second}`, { privileges: 'all' });
    await organisation.control('PUT', `application-users/${disabled}`, { privileges: 'all', disabled: true });
    await organisation.load('contact', contacts(20_000));
    await organisation.control('POST', 'limits', { costPerRequestMs: 20 });
    const dataverse = organisation.connect({ clientIds: [CLIENT_ID, second, disabled] });
    const table = await withLookup(dataverse, 'contact');

    const report = await dataverse.update({ table, rows: Array.from({ length: 20_000 }, (_, n) => link(n)) });

    expect(report.written.length).toBe(20_000);
    const { byCaller } = await organisation.stats();
    expect(byCaller[CLIENT_ID]?.total).toBeGreaterThan(5);
    expect(byCaller[second]?.total).toBeGreaterThan(5);
    expect(byCaller[disabled]?.total ?? 0).toBeLessThan(10);
  });

  it('D40 names the privilege that an identity lacks', async () => {
    const poor = guid(0xa4);
    await organisation.load('contact', contacts(10));
    const table = await withLookup(organisation.connect(), 'contact');
    await organisation.control('PUT', `application-users/${poor}`, {
      privileges: ['prvReadContact', 'prvWriteContact'],
    });
    const dataverse = organisation.connect({ clientIds: [poor] });

    const { stopped } = await dataverse.update({ table, rows: [link(1)] });

    expect(stopped).toSatisfy((error) => isTerminalError(error) && /prvAppend/.test(error.message));
  });
});
