import { guidOf, Random } from '../../local/sample/random.ts';
import type { Check } from '../../shared/contracts/doctor-report.ts';
import type { SourceTable } from '../../shared/contracts/unification-setup.ts';
import { client, otherClient, startWorld, type UserSetup, type World } from './look-world.ts';

const link = 'msdynci_lookupfield_customerprofile';
const north = guidOf('unit|north');

/** A table of another environment, as the map names it: its keys are no rows here. */
const elsewhere = 'Elsewhere';

async function nameElsewhere(world: World, dataSources: readonly string[]): Promise<void> {
  const rows = [...new Set(dataSources)].flatMap((dataSource) =>
    [1, 2, 3, 4, 5, 6].map((row) => ({
      msdynci_alternatekeyid: guidOf(`map|${dataSource}|${row}`),
      msdynci_datasourcename: dataSource,
      msdynci_entityname: elsewhere,
      msdynci_alternatevalue: guidOf(`row|${dataSource}|${row}`),
    })),
  );
  await world.load('msdynci_alternatekey', rows);
}

/** What happens to the lookup column of a table before the app comes. */
const columns = ['none', 'there', 'secured', 'text', 'taken', 'closed'] as const;

/** Gives a source a fault of its own, or leaves it. */
function spoil(source: SourceTable, random: Random): SourceTable {
  if (random.chance(0.85)) return source;
  return random.pick<SourceTable>([
    { ...source, primaryKey: 'emailaddress1' },
    { ...source, connector: 'other' },
    { ...source, entity: 'Nobody' },
    { ...source, entity: elsewhere },
    { ...source, environmentUrl: 'https://other.crm.dynamics.com' },
    { ...source, table: 'new_missing', primaryKey: 'new_missingid' },
    { ...source, table: 'workflow', primaryKey: 'workflowid' },
  ]);
}

async function shapeColumn(world: World, table: string, random: Random): Promise<void> {
  const how = random.chance(0.4) ? 'none' : random.pick(columns);
  const definition = world.organisation.tables.find(({ logicalName }) => logicalName === table);
  if (definition === undefined || how === 'none') return;
  const lookup = { logicalName: link, type: 'Lookup', targets: ['msdynci_customerprofile'] };
  if (how === 'taken') {
    await world.control('POST', 'tables', {
      ...{ logicalName: `new_by_${table}`, tableType: 'Standard', changeTracking: false, bulk: false },
      columns: [{ ...lookup, logicalName: 'new_profile', relationshipName: `msdynci_customerprofile_${table}` }],
    });
    return;
  }
  if (how === 'closed') {
    await world.control('POST', 'tables', { ...definition, canCreateAttributes: false });
    return;
  }
  const column =
    how === 'text' ? { logicalName: link, type: 'String' } : { ...lookup, ...(how === 'secured' && { secured: true }) };
  await world.control('POST', 'tables', { ...definition, columns: [column] });
}

/** A user with some of what it takes, not everywhere. */
function userOf(world: World, hasUnits: boolean, random: Random): UserSetup | undefined {
  if (random.chance(0.08)) return undefined;
  const [lost, low] = [random.pick([0, 0, 0.03]), random.pick([0, 0, 0.03, 0.15])];
  const privileges = world.enough
    .filter(() => !random.chance(lost))
    .map((name) => (random.chance(low) ? `${name}/${random.pick(['Local', 'Deep', 'Basic'])}` : name));
  return {
    privileges: random.chance(0.7) ? [...privileges, 'prvReadBusinessUnit'] : privileges,
    disabled: random.chance(0.05),
    ...(hasUnits && random.chance(0.3) ? { businessUnit: north } : {}),
    securedColumns: random.chance(0.5) ? world.setup.tables.map(({ table }) => `${table}.${link}`) : [],
  };
}

/** Whether a table is linked, by what the doctor says of it and of what belongs to none. */
function isGood(table: string, tables: readonly string[], checks: readonly Check[]): boolean {
  return !checks.some(({ level, subject }) => level === 'fault' && (subject === table || !tables.includes(subject)));
}

/**
 * An organisation whose privileges, depths, units, identities, columns and sources follow from a seed; resolves to what
 * the doctor says of each table and how its task ends, for those where the two do not agree.
 */
export async function disagreements(seed: number): Promise<object[]> {
  const random = new Random(seed, 14);
  const world = await startWorld({ rows: 6, seed });
  try {
    const hasUnits = random.chance(0.5);
    if (hasUnits) {
      await world.load('businessunit', [{ businessunitid: north, name: 'North', isdisabled: false }]);
    }
    for (const { table } of world.setup.tables) await shapeColumn(world, table, random);
    const clientIds = random.chance(0.5) ? [client] : [client, otherClient];
    for (const id of clientIds) {
      const user = userOf(world, hasUnits, random);
      if (user !== undefined) await world.allow(id, user);
    }
    await nameElsewhere(
      world,
      world.setup.tables.map(({ dataSource }) => dataSource),
    );
    const sources = world.setup.tables.map((source) => spoil(source, random));
    const names = sources.map(({ table }) => table);
    const setup = {
      ...world.setup,
      tables: sources.filter(({ table }, at) => names.indexOf(table) === at),
      ...(random.chance(0.05) ? { environmentKind: 'business' as const } : {}),
    };
    const app = world.connect({ clientIds, setup });
    const checks = await app.doctor();
    const tasks = await app.run();
    const tables = setup.tables.map(({ table }) => table);
    return tables.flatMap((table) => {
      const task = tasks.get(table);
      const isLinked = task?.status === 'Successful' || task?.status === 'Completed with warnings';
      if (isLinked === isGood(table, tables, checks)) return [];
      return [
        { seed, table, status: task?.status, details: task?.details, checks: checks.map(({ finding }) => finding) },
      ];
    });
  } finally {
    await world.close();
  }
}
