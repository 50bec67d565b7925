import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceTable } from '../../shared/contracts/unification-setup.ts';
import { type CsvRow, type CsvTable, readCsvTable } from './csv-file.ts';
import { columnFor, parseValue } from './csv-values.ts';
import { alternateKeyTable, customerProfileTable } from './customer-insights-tables.ts';
import { alternateValueOf, keyColumnsOf, mapRowsOf, profileIdOf, type UnifiedCustomer } from './key-map.ts';
import { type ColumnType, type Organisation, type Row, SampleDataError, type TableDefinition } from './organisation.ts';
import { sourceTables as knownTables } from './source-tables.ts';

/** A customer and its rows, gathered over all files. */
interface Customer extends UnifiedCustomer {
  readonly keys: { readonly source: SourceTable; readonly value: string }[];
  /** From the first row that has them. */
  firstName: string | null;
  lastName: string | null;
}

/** A file with what it becomes. */
interface Loaded {
  readonly csv: CsvTable;
  readonly definition: TableDefinition;
  /** Of the file's columns, in their order. */
  readonly types: readonly (ColumnType | undefined)[];
  readonly source: SourceTable;
}

const knownTable = (name: string): TableDefinition | undefined =>
  Object.values(knownTables).find(({ logicalName }) => logicalName === name);

/**
 * A known table keeps its metadata, but for lookups to tables that are not there, and gets the file's further
 * columns; any other becomes a custom table.
 */
function definitionOf({ table, primaryId, columns, rows }: CsvTable, present: ReadonlySet<string>): TableDefinition {
  const known = knownTable(table);
  const knownColumns =
    known?.columns.filter(({ targets }) => targets?.every((target) => present.has(target)) ?? true) ?? [];
  if (known !== undefined && known.primaryId !== primaryId)
    throw new SampleDataError(
      `${table}.csv, line 1: the first column is "${primaryId}"; the id of this table is "${known.primaryId}", put it first.`,
    );
  const found = columns.map((name, at) =>
    columnFor(
      name,
      knownColumns.find(({ logicalName }) => logicalName === name),
      rows.map(({ values }) => values[at] ?? null),
    ),
  );
  if (known === undefined) {
    return {
      logicalName: table,
      schemaName: table,
      displayName: table,
      primaryId,
      tableType: 'Standard',
      changeTracking: true,
      bulk: true,
      columns: found,
    };
  }
  const inFile = new Set(columns);
  return { ...known, columns: [...knownColumns.filter(({ logicalName }) => !inFile.has(logicalName)), ...found] };
}

function rowOf({ csv, types }: Loaded, { id, values }: CsvRow): Row {
  const row: Record<string, string | number | boolean> = { [csv.primaryId]: id };
  for (const [at, name] of csv.columns.entries()) {
    const text = values[at] ?? null;
    const value = text === null ? undefined : parseValue(types[at] ?? 'String', text);
    if (value !== undefined) row[name] = value;
  }
  return row;
}

/** Everybody who has a row in any of the files. */
function customersOf(loaded: readonly Loaded[]): Map<string, Customer> {
  const customers = new Map<string, Customer>();
  for (const { csv, source } of loaded) {
    const firstNameAt = csv.columns.indexOf('firstname');
    const lastNameAt = csv.columns.indexOf('lastname');
    for (const { id, customerId, values } of csv.rows) {
      if (customerId === null) continue;
      let customer = customers.get(customerId);
      if (customer === undefined) {
        customer = { customerId, previousCustomerIds: [], keys: [], firstName: null, lastName: null };
        customers.set(customerId, customer);
      }
      customer.keys.push({ source, value: alternateValueOf(id) });
      customer.firstName ??= values[firstNameAt] ?? null;
      customer.lastName ??= values[lastNameAt] ?? null;
    }
  }
  return customers;
}

const profileRowOf = (customer: Customer): Row => ({
  msdynci_customerprofileid: profileIdOf(customer.customerId),
  msdynci_customerid: customer.customerId,
  msdynci_firstname: customer.firstName,
  msdynci_lastname: customer.lastName,
  msdynci_fullname: [customer.firstName, customer.lastName].filter((name) => name !== null).join(' ') || null,
  ...keyColumnsOf(customer),
});

async function csvFilesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    throw new SampleDataError(
      error.code === 'ENOENT' || error.code === 'ENOTDIR'
        ? `${directory}: there is no such folder; name one that holds a CSV file per table, such as contact.csv.`
        : `${directory}: the folder cannot be read (${error.code}); check its permissions.`,
    );
  });
  const files = names.filter((name) => name.toLowerCase().endsWith('.csv')).sort();
  if (files.length === 0)
    throw new SampleDataError(
      `${directory}: there is no CSV file in it; put one per table there, such as contact.csv.`,
    );
  return files;
}

/**
 * An organisation made of real data: a folder with one CSV per table, named after the table, whose first column is
 * the row's id and whose column `customer` names the row's true customer. Profiles and key map follow from these.
 * Rows without a customer take no part in unification. Unlike generated rows these are held in memory.
 *
 * @throws SampleDataError for a fault in the data: one line with file, line and remedy.
 */
export async function readCsvOrganisation(directory: string): Promise<Organisation> {
  const files: CsvTable[] = [];
  for (const file of await csvFilesIn(directory)) {
    const csv = await readCsvTable(join(directory, file));
    if (files.some(({ table }) => table === csv.table))
      throw new SampleDataError(`${file}: the table "${csv.table}" has another file already; keep one.`);
    files.push(csv);
  }
  const present = new Set(files.map(({ table }) => table));
  const loaded = files.map((csv): Loaded => {
    const { table, primaryId, columns } = csv;
    const definition = definitionOf(csv, present);
    return {
      csv,
      definition,
      types: columns.map((name) => definition.columns.find(({ logicalName }) => logicalName === name)?.type),
      source: { table, dataSource: 'crm', entity: table, connector: 'dataverse', primaryKey: primaryId },
    };
  });
  const customers = customersOf(loaded);
  const profileTable = customerProfileTable(loaded.map(({ source }) => source));
  const fileOf = (table: string) => loaded.find(({ source }) => source.table === table);

  return {
    sourceTables: loaded.map(({ source }) => source),
    tables: [...loaded.map(({ definition }) => definition), profileTable, alternateKeyTable],
    rowsOf(table) {
      if (table === profileTable.logicalName) return [...customers.values()].map(profileRowOf);
      if (table === alternateKeyTable.logicalName) return [...customers.values()].flatMap(mapRowsOf);
      const file = fileOf(table);
      return file === undefined ? [] : file.csv.rows.map((row) => rowOf(file, row));
    },
    truth: (table) =>
      (fileOf(table)?.csv.rows ?? []).map(({ id, customerId }) => ({
        id,
        profileId: customerId === null ? null : profileIdOf(customerId),
      })),
  };
}
