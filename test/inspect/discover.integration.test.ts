import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guidOf } from '../../local/sample/random.ts';
import { type UnificationSetup, unificationSetupSchema } from '../../shared/contracts/unification-setup.ts';
import { discover } from '../../shared/inspect/discover.ts';
import { client, startWorld, type World } from './look-world.ts';

/** Map rows of a source; an empty name is null. */
const mapRows = (dataSource: string | null, entity: string | null, keys: readonly string[], more: object = {}) =>
  keys.map((key) => ({
    msdynci_alternatekeyid: guidOf(`map|${dataSource}|${entity}|${key}|${JSON.stringify(more)}`),
    ...{ msdynci_datasourcename: dataSource, msdynci_entityname: entity, msdynci_alternatevalue: key },
    ...more,
  }));
const foreign = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => guidOf(`foreign|${name}|${n}`));

describe('discovery', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld({ rows: 40 });
    await world.allow(client, { privileges: 'all' });
  });
  afterEach(() => world.close());

  const found = (running: UnificationSetup = world.setup) => {
    const { dataverse } = world.connect().parts;
    return discover(dataverse, running);
  };
  const keysOf = (table: string) => [...world.organisation.truth(table)].map(({ id }) => id);
  const byTable = (setup: UnificationSetup | undefined) =>
    Object.fromEntries(
      (setup?.tables ?? []).map(({ table, dataSource, entity }) => [table, `${dataSource}|${entity}`]),
    );
  const nothing: UnificationSetup = { environmentKind: 'individual', output: 'dataverse', tables: [] };

  it('gives the set-up that the organisation was made with, and sees nothing to change', async () => {
    const { setup, changes, leftOut } = await found();
    expect(setup).toEqual(world.setup);
    expect([changes, leftOut]).toEqual([[], []]);
    expect(byTable((await found(nothing)).setup)).toEqual(byTable(world.setup));
  });

  it('gives each table to the best share of keys that are its rows, however the sources are sorted', async () => {
    const own = byTable(world.setup).contact;
    await world.load('msdynci_alternatekey', [
      ...mapRows('Archive', 'contact', [...foreign('archive', 5), ...keysOf('contact').slice(0, 1)]),
      ...mapRows('Zoo', 'contact', keysOf('contact').slice(0, 3)),
    ]);
    const { setup, sources } = await found(nothing);
    expect(byTable(setup).contact).toBe(own);
    const told = (dataSource: string) => sources.find((source) => source.dataSource === dataSource);
    expect(told('Archive')).toMatchObject({ certainty: 'skipped', reason: expect.stringContaining('1 of 6 keys') });
    expect(told('Zoo')).toMatchObject({
      certainty: 'skipped',
      table: 'contact',
      reason: expect.stringContaining('fits contact better'),
    });
  });

  it('takes a stray key for nothing, of another table and of its own', async () => {
    await world.load('msdynci_alternatekey', [
      ...mapRows('Shop', 'orders', [...foreign('orders', 9), ...keysOf('lead').slice(0, 1)]),
    ]);
    const { setup, sources } = await found(nothing);
    expect(byTable(setup)).toEqual(byTable(world.setup));
    expect(sources.find(({ entity }) => entity === 'orders')).toMatchObject({ certainty: 'skipped' });
  });

  it('sees rows that have their identifier alone, or blanks for names', async () => {
    const rows = [...world.organisation.rowsOf('msdynci_alternatekey')];
    const changed = rows.flatMap((row): Readonly<Record<string, string | null>>[] => {
      const [source, entity] = [String(row.msdynci_datasourcename), String(row.msdynci_entityname)];
      const msdynci_identifier = `${source}|${entity}|${String(row.msdynci_alternatevalue)}`;
      const id = { msdynci_alternatekeyid: String(row.msdynci_alternatekeyid), msdynci_identifier };
      if (entity.includes('contact')) {
        return [{ ...id, msdynci_datasourcename: null, msdynci_entityname: null, msdynci_alternatevalue: null }];
      }
      return entity.includes('lead') ? [{ ...id, msdynci_datasourcename: '', msdynci_entityname: ' ' }] : [];
    });
    await world.load('msdynci_alternatekey', changed);
    expect(byTable((await found(nothing)).setup)).toEqual(byTable(world.setup));
  });

  it('gives a set-up that the schema takes, whatever the names, and says what it leaves out', async () => {
    const odd = ['O\'Hara\'s "data"', 'a|b', '  padded ', 'ünï çödé', '%_[]', '(), or 1 eq 1', '\\', 'x'.repeat(300)];
    const tables = odd.map((_, n) => `new_odd${n}`);
    await world.control(
      'POST',
      'tables',
      tables.map((logicalName) => ({
        ...{
          logicalName,
          schemaName: logicalName,
          displayName: logicalName,
          tableType: 'Standard',
          changeTracking: false,
          bulk: false,
          columns: [],
        },
      })),
    );
    for (const [n, table] of tables.entries()) {
      const keys = foreign(table, 6);
      await world.load(
        table,
        keys.map((id) => ({ [`${table}id`]: id })),
      );
      await world.load('msdynci_alternatekey', mapRows(odd[n] ?? '', table, keys));
    }
    await world.load('msdynci_alternatekey', [
      ...mapRows(null, null, ['no name at all']),
      ...mapRows('', '  ', ['blank'], { msdynci_identifier: '||blank' }),
    ]);
    const { setup, leftOut } = await found(nothing);
    expect(unificationSetupSchema.safeParse(setup).success).toBe(true);
    const names = (setup?.tables ?? [])
      .filter(({ table }) => table.startsWith('new_odd'))
      .map(({ dataSource }) => dataSource);
    expect(names.sort()).toEqual(odd.map((name) => name.trim()).sort());
    expect(leftOut).toEqual([expect.stringContaining('name no data source or table')]);
  });

  it('reads five hundred sources, and those that fill pages by themselves, to the last', async () => {
    const many = Array.from({ length: 500 }, (_, n) => `source ${String(n).padStart(3, '0')}`);
    await world.load(
      'msdynci_alternatekey',
      many.flatMap((name) => mapRows(name, 'things', foreign(name, 3))),
    );
    await world.load('msdynci_alternatekey', mapRows('large', 'orders', foreign('large', 900)));
    await world.load(
      'msdynci_alternatekey',
      foreign('only', 500).map((key, n) => ({
        ...{ msdynci_alternatekeyid: key, msdynci_identifier: `unnamed ${Math.floor(n / 250)}|rows|${key}` },
      })),
    );
    const { sources, leftOut, setup } = await found(nothing);
    const names = new Set(sources.map(({ dataSource }) => dataSource));
    for (const name of [...many, 'large', 'unnamed 0', 'unnamed 1']) expect(names).toContain(name);
    expect(leftOut).toEqual([]);
    expect(byTable(setup)).toEqual(byTable(world.setup));
  });

  it('never replaces a source that was proven by one that is not, and shows what it would change', async () => {
    // Nobody may look into leads: what the map says of them is a name at most.
    const all = (
      await world.connect().parts.dataverse.readPage({ entitySetName: 'privileges', select: ['name'], pageSize: 5000 })
    ).rows;
    const privileges = all.map(({ name }) => String(name)).filter((name) => name !== 'prvReadLead');
    await world.allow(client, { privileges });
    const running: UnificationSetup = {
      ...world.setup,
      businessUnits: {},
      tables: world.setup.tables.flatMap((source) => {
        if (source.table === 'lead') return [{ ...source, dataSource: 'Proven once', entity: 'leads' }];
        if (source.table === 'account') return [];
        return [source.table === 'contact' ? { ...source, entity: 'renamed' } : source];
      }),
    };
    const { setup, changes } = await found(running);
    expect(byTable(setup)).toEqual({ ...byTable(world.setup), lead: 'Proven once|leads' });
    expect(setup?.businessUnits).toEqual({});
    expect(changes.map(({ table, kind }) => `${table} ${kind}`).sort()).toEqual([
      'account added',
      'contact changed',
      'lead kept',
    ]);
    for (const { finding } of changes) expect(finding).toMatch(/\.$/);
  });

  it('takes no table of the platform for a source', async () => {
    const users = (
      await world
        .connect()
        .parts.dataverse.readPage({ entitySetName: 'systemusers', select: ['systemuserid'], pageSize: 5 })
    ).rows;
    await world.load(
      'msdynci_alternatekey',
      mapRows(
        'HR',
        'systemuser',
        users.map(({ systemuserid }) => String(systemuserid)),
      ),
    );
    expect(byTable((await found(nothing)).setup)).toEqual(byTable(world.setup));
  });
});
