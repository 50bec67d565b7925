import { afterEach, describe, expect, it } from 'vitest';
import { writeToken } from '../../local/dataverse/security/token.ts';
import { systemClock } from '../../shared/dataverse/clock.ts';
import type { Dataverse, RowUpdate, TableMetadata } from '../../shared/dataverse/dataverse.ts';
import { isExpiredChangesError, isTerminalError } from '../../shared/errors.ts';
import { MemoryOrganisation } from '../support/memory-dataverse.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { Worker, World } from '../support/worker.ts';
import { guid } from './fake-http.ts';
import { CLIENT_ID, COLUMN, lookupOn, profileOf, startOrganisation, TABLES } from './organisation.ts';

/** An organisation that answers the port, and what tests do to it behind its back. */
interface Ground {
  readonly dataverse: Dataverse;
  put(table: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
  remove(set: string, table: string, id: string): Promise<void>;
  /** Refuses every write of a row. */
  spoil(id: string): Promise<void>;
  close(): Promise<void>;
}

const rejected = 'Profile link rejected.';

/** The organisation of the crash harness. */
async function inMemory(): Promise<Ground> {
  const clock = new VirtualClock();
  const organisation = new MemoryOrganisation(clock);
  for (const { logicalName, entitySetName, tableType, changeTracking, columns } of TABLES) {
    const primaryId = `${logicalName}id`;
    const all: [string, string][] = columns.map((column) => [column.logicalName, column.type]);
    organisation.createTable({
      ...{ logicalName, entitySetName, primaryId, changeTracking },
      tableType: tableType as 'Standard' | 'Elastic',
      columns: new Map([[primaryId, 'Uniqueidentifier'], ...all]),
    });
  }
  return {
    dataverse: organisation.connect(new Worker(new World(clock))),
    async put(table, rows) {
      for (const row of rows) organisation.put(table, String(row[`${table}id`]), row);
    },
    remove: async (_, table, id) => organisation.remove(table, id),
    spoil: async (id) => {
      organisation.badRows.set(id, rejected);
    },
    close: async () => undefined,
  };
}

/** The real client, before the stand-in. */
async function overHttp(): Promise<Ground> {
  const organisation = await startOrganisation();
  await organisation.control('POST', 'limits', { checksElasticReferences: true });
  return {
    // Pauses pass a hundred times as fast: nothing here is about them.
    dataverse: organisation.connect({
      now: () => performance.now() * 100,
      sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
    }),
    put: (table, rows) => organisation.load(table, rows),
    async remove(set, _, id) {
      const headers = { Authorization: `Bearer ${writeToken(CLIENT_ID, organisation.url, Date.now() + 60_000)}` };
      const response = await fetch(`${organisation.url}/api/data/v9.2/${set}(${id})`, { method: 'DELETE', headers });
      if (!response.ok) throw new Error(await response.text());
    },
    async spoil(rowId) {
      const fault = { status: 400, code: '0x80040265', message: rejected };
      await organisation.control('POST', 'faults', { match: { rowId }, fault });
    },
    close: () => organisation.close(),
  };
}

const select = ['fullname'];
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ contactid: guid(n + 1), fullname: `Contact ${n + 1}` }));
const profiles = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ msdynci_customerprofileid: profileOf(n + 1), msdynci_name: `P${n + 1}` }));
const byId = (rows: readonly Readonly<Record<string, unknown>>[]) => rows.map(({ contactid }) => contactid).sort();

/** Links row `n`, by the name that the table has for it, or clears its link. */
function link(table: TableMetadata, n: number, profile: string | null = profileOf(n)): RowUpdate {
  const name = table.lookups.find(({ column }) => column === COLUMN)?.navigationProperty ?? COLUMN;
  const bind = `/msdynci_customerprofiles(${profile})`;
  return { id: guid(n), values: profile === null ? { [name]: null } : { [`${name}@odata.bind`]: bind } };
}

describe.each([
  ['in memory', inMemory],
  ['over HTTP', overHttp],
])('Dataverse %s', (_, start) => {
  let ground: Ground;
  const begin = async (count: number): Promise<Dataverse> => {
    ground = await start();
    await ground.put('contact', people(count));
    await ground.put('msdynci_customerprofile', profiles(count));
    return ground.dataverse;
  };
  /** The contact table once it has the lookup. */
  const withColumn = async (dataverse: Dataverse): Promise<TableMetadata> => {
    const tables = await dataverse.readTables({ tables: ['contact', 'msdynci_customerprofile'] });
    const [contact, profile] = [tables.get('contact'), tables.get('msdynci_customerprofile')];
    if (!contact || !profile) throw new Error('The tables are missing.');
    await dataverse.createLookup(lookupOn(contact, profile));
    return (await dataverse.readTables({ tables: ['contact'], strong: true })).get('contact') ?? contact;
  };
  const linkOf = async (dataverse: Dataverse, id: string): Promise<unknown> => {
    const list = { entitySetName: 'contacts', select: [`_${COLUMN}_value`], column: 'contactid', values: [id] };
    return (await dataverse.readLists([list]))[0]?.[0]?.[`_${COLUMN}_value`];
  };
  afterEach(() => ground.close());

  it('tells tables that exist, and columns only of those that are asked for', async () => {
    const dataverse = await begin(0);
    const tables = await dataverse.readTables({ tables: ['contact', 'queue', 'nosuch'], withColumns: ['contact'] });

    expect([...tables.keys()].sort()).toEqual(['contact', 'queue']);
    expect(tables.get('contact')).toMatchObject({ entitySetName: 'contacts', primaryId: 'contactid' });
    expect(tables.get('contact')?.columns.get('fullname')).toBe('String');
    expect(tables.get('queue')?.columns.size).toBe(0);
  });

  it('makes the lookup once, and shows it', async () => {
    const dataverse = await begin(0);
    const contact = await withColumn(dataverse);
    const profile = (await dataverse.readTables({ tables: ['msdynci_customerprofile'] })).get(
      'msdynci_customerprofile',
    );

    const made = { column: COLUMN, referencedTable: 'msdynci_customerprofile' };
    expect(contact.lookups).toContainEqual(expect.objectContaining(made));
    if (profile) expect(await dataverse.createLookup(lookupOn(contact, profile))).toBe('exists');
  });

  it('gives rows page by page, each once, with their primary id and no column that was not asked for', async () => {
    const dataverse = await begin(7);
    const rows = [];
    let nextLink: string | undefined;
    do {
      const page = await dataverse.readPage({ entitySetName: 'contacts', select, pageSize: 3, nextLink });
      expect(page.rows.length).toBeLessThanOrEqual(3);
      rows.push(...page.rows);
      nextLink = page.nextLink;
    } while (nextLink);

    expect(byId(rows)).toEqual(people(7).map(({ contactid }) => contactid));
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(['@odata.etag', 'contactid', 'fullname']);
  });

  it('filters and orders', async () => {
    const dataverse = await begin(12);
    const filter = "startswith(fullname,'contact 1') and fullname ne 'Contact 1'";
    const request = { entitySetName: 'contacts', select, filter, orderBy: 'fullname desc', pageSize: 10 };
    const { rows } = await dataverse.readPage(request);

    expect(rows.map(({ fullname }) => fullname)).toEqual(['Contact 12', 'Contact 11', 'Contact 10']);
  });

  it.each([
    ['an unknown entity set', { entitySetName: 'nosuchs', select }],
    ['an unknown column', { entitySetName: 'contacts', select: ['nosuch'] }],
  ])(
    'refuses %s for good',
    async (_name, request) => {
      const dataverse = await begin(1);
      const reads = [
        dataverse.readPage({ ...request, pageSize: 5 }),
        dataverse.readChanges({ ...request, pageSize: 5 }),
        dataverse.readLists([{ ...request, column: 'contactid', values: [guid(1)] }]),
      ];
      for (const outcome of await Promise.allSettled(reads)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { isTerminalError: true } });
      }
    },
    90_000,
  );

  it('gives lists in their order, whatever the case of ids, and those of no values empty', async () => {
    const dataverse = await begin(4);
    const list = { entitySetName: 'contacts', select, column: 'contactid' };
    const lists = await dataverse.readLists([
      { ...list, values: [guid(2).toUpperCase(), guid(99)] },
      { ...list, values: [] },
      { ...list, column: 'fullname', values: ['contact 3', "O'Hara"], filter: "fullname ne 'x'" },
    ]);

    expect(lists.map((rows) => rows.map(({ fullname }) => fullname))).toEqual([['Contact 2'], [], ['Contact 3']]);
  });

  it('tells what changed since a full drain, and what was deleted', async () => {
    const dataverse = await begin(5);
    const request = { entitySetName: 'contacts', select, pageSize: 2 };
    const full = [];
    let page = await dataverse.readChanges(request);
    full.push(...page.rows);
    while (page.nextLink) {
      page = await dataverse.readChanges({ ...request, link: page.nextLink });
      full.push(...page.rows);
    }
    await ground.put('contact', [{ contactid: guid(2), fullname: 'Changed' }]);
    await ground.remove('contacts', 'contact', guid(3));
    const delta = await dataverse.readChanges({ ...request, link: page.deltaLink });

    expect(byId(full)).toEqual(people(5).map(({ contactid }) => contactid));
    expect(delta.rows.map(({ fullname }) => fullname)).toEqual(['Changed']);
    expect(delta.deleted).toEqual([guid(3)]);
    expect((await dataverse.readChanges({ ...request, link: delta.deltaLink })).rows).toEqual([]);
  });

  it('refuses the changes of a table that does not track them, and a link that leads nowhere', async () => {
    const dataverse = await begin(1);
    const untracked = dataverse.readChanges({ entitySetName: 'queues', select: ['name'], pageSize: 5 });
    await expect(untracked).rejects.toSatisfy((error) => isTerminalError(error) && /track/i.test(error.message));

    const { deltaLink = '' } = await dataverse.readChanges({ entitySetName: 'contacts', select, pageSize: 5 });
    const lost = deltaLink.replace(/[^=|]*$/, 'nonsense');
    const reading = dataverse.readChanges({ entitySetName: 'contacts', select, pageSize: 5, link: lost });
    await expect(reading).rejects.toSatisfy(isExpiredChangesError);
  });

  it('counts rows', async () => {
    expect(await (await begin(6)).countRows('contact')).toBe(6);
  });

  it('writes links, clears them, and tells of each row what became of it', async () => {
    const dataverse = await begin(5);
    const table = await withColumn(dataverse);
    await ground.spoil(guid(2));
    await ground.remove('contacts', 'contact', guid(3));
    const report = await dataverse.update({ table, rows: [1, 2, 3, 4].map((n) => link(table, n)) });

    expect([...report.written].sort()).toEqual([guid(1), guid(4)]);
    expect(report.gone).toEqual([guid(3)]);
    expect(report.failed).toEqual([{ id: guid(2), code: '0x80040265', message: rejected }]);
    expect(report.unsent).toEqual([]);
    expect(await linkOf(dataverse, guid(1))).toBe(profileOf(1));
    await dataverse.update({ table, rows: [link(table, 1, null)] });
    expect(await linkOf(dataverse, guid(1))).toBeNull();
    expect((await dataverse.readPage({ entitySetName: 'contacts', select, pageSize: 10 })).rows.length).toBe(4);
  });

  it('refuses a link to a profile that is not there, of that row alone', async () => {
    const dataverse = await begin(2);
    const table = await withColumn(dataverse);
    const report = await dataverse.update({ table, rows: [link(table, 1), link(table, 2, profileOf(77))] });

    expect(report.written).toEqual([guid(1)]);
    expect(report.failed.map(({ id }) => id)).toEqual([guid(2)]);
  });

  it('refuses values under a name that the table does not have, and a row that is named twice', async () => {
    const dataverse = await begin(1);
    const table = await withColumn(dataverse);
    const values = { [`${COLUMN.toUpperCase()}@odata.bind`]: `/msdynci_customerprofiles(${profileOf(1)})` };
    const misspelt = await dataverse.update({ table, rows: [{ id: guid(1), values }] });

    expect(misspelt.written).toEqual([]);
    expect(await linkOf(dataverse, guid(1))).toBeNull();
    await expect(dataverse.update({ table, rows: [link(table, 1), link(table, 1)] })).rejects.toSatisfy(
      isTerminalError,
    );
  });

  it('sends nothing once it is aborted', async () => {
    const dataverse = await begin(3);
    const table = await withColumn(dataverse);
    const signal = AbortSignal.abort(new Error('time is over'));
    const report = await dataverse.update({ table, rows: [link(table, 1), link(table, 2)], signal });

    expect([report.written, report.unsent]).toEqual([[], [guid(1), guid(2)]]);
    await expect(dataverse.readPage({ entitySetName: 'contacts', select, pageSize: 1 }, signal)).rejects.toThrow(
      'time is over',
    );
  });
});
