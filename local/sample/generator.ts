import type { SourceTable } from '../../shared/contracts/unification-setup.ts';
import { alternateKeyTable, customerProfileTable, insightTables, type KeySource } from './customer-insights-tables.ts';
import { insightRowMakers, type ProfiledCustomer } from './insight-rows.ts';
import { alternateValueOf, mapRowsOf, profileIdOf } from './key-map.ts';
import { type Organisation, type Row, SampleDataError, type TrueLink } from './organisation.ts';
import { createPopulation, type Person, type Population } from './population.ts';
import { sourceRowOf } from './source-rows.ts';
import { type SourceTableName, sourceTableNames, sourceTables } from './source-tables.ts';

/** An organisation made from a seed. */
export interface GeneratedOrganisation extends Organisation {
  readonly population: Population;
  /** The rows of a table that one person gives rise to. */
  rowsOfPerson(table: string, person: Person): Row[];
}

const unifiedTables: readonly SourceTable[] = sourceTableNames.map((table) => ({
  table,
  dataSource: 'crm',
  entity: table,
  connector: 'dataverse',
  primaryKey: sourceTables[table].primaryId,
}));
const sourceOf = new Map(unifiedTables.map((source) => [source.table, source]));

/** The map lists every source of a customer, also those that have no table in Dataverse. */
const webShop: KeySource = { dataSource: 'webshop', entity: 'customers', primaryKey: 'customernumber' };

/** The customer a person was unified to; undefined where the person never took part. */
function customerOf(person: Person): ProfiledCustomer | undefined {
  const { customerId, previousCustomerIds, key } = person;
  if (customerId === undefined) return undefined;
  return {
    customerId,
    previousCustomerIds,
    // Who a customer is, its rows tell: one that was split off has another's key, but its own rows.
    person: person.records[0]?.about ?? key,
    keys: [
      ...person.records.flatMap(({ table, id }) => {
        const source = sourceOf.get(table);
        return source === undefined ? [] : [{ source, value: alternateValueOf(id) }];
      }),
      ...person.shopNumbers.map((value) => ({ source: webShop, value })),
    ],
  };
}

const isSourceTable = (table: string): table is SourceTableName => sourceOf.has(table);

/** Where the rows of a table that a person has must lead. */
export const linksOfPerson = (table: string, { records, customerId }: Person): TrueLink[] => {
  const ofTable = records.filter((record) => record.table === table);
  if (ofTable.length === 0) return [];
  const profileId = customerId === undefined ? null : profileIdOf(customerId);
  return ofTable.map(({ id }) => ({ id, profileId }));
};

/**
 * An organisation after its first unification: 40 % contacts, 30 % leads, 20 % opportunities and 10 % accounts of
 * people who have one to four rows each, with the profiles, the key map and the insights that belong to them.
 * The same rows and seed always make the same organisation; nothing is held in memory.
 *
 * @param rows number of source rows over the four tables.
 * @throws SampleDataError where rows or seed is no usable number.
 */
export function generateOrganisation({
  rows,
  seed,
}: {
  readonly rows: number;
  readonly seed: number;
}): GeneratedOrganisation {
  if (!Number.isSafeInteger(rows) || rows < 1 || rows > 50_000_000)
    throw new SampleDataError(`The number of rows must be a whole number from 1 to 50,000,000; it is ${rows}.`);
  if (!Number.isSafeInteger(seed)) throw new SampleDataError(`The seed must be a whole number; it is ${seed}.`);

  const population = createPopulation({ rows, seed });

  const rowsOfPerson = (table: string, person: Person): Row[] => {
    if (isSourceTable(table))
      return person.records.filter((record) => record.table === table).map((record) => sourceRowOf(seed, record));
    const customer = customerOf(person);
    if (customer === undefined) return [];
    return table === alternateKeyTable.logicalName
      ? mapRowsOf(customer)
      : (insightRowMakers[table]?.(seed, customer) ?? []);
  };

  function* forEachPerson<T>(make: (person: Person) => readonly T[]): Generator<T> {
    for (let index = 0; index < population.blockCount; index++)
      for (const person of population.block(index)) yield* make(person);
  }

  return {
    population,
    sourceTables: unifiedTables,
    tables: [
      ...sourceTableNames.map((table) => sourceTables[table]),
      customerProfileTable([...unifiedTables, webShop]),
      alternateKeyTable,
      ...insightTables,
    ],
    rowsOfPerson,
    rowsOf: (table) => forEachPerson((person) => rowsOfPerson(table, person)),
    truth: (table) => forEachPerson((person) => linksOfPerson(table, person)),
  };
}
