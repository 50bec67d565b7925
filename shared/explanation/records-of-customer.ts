import type { CustomerRecord, CustomerRecords } from '../contracts/customer-records.ts';
import type { SourceTable, UnificationSetup } from '../contracts/unification-setup.ts';
import { isOfSource, readMapRow, splitIdentifier } from '../customer-insights/map-row.ts';
import { mapColumns, mapSelect } from '../customer-insights/names.ts';
import type { PersonalDataverse, Row } from '../dataverse/dataverse.ts';
import { insightTables } from '../insight/insight-tables.ts';
import { patiently } from '../insight/patiently.ts';

/** What it takes to tell a customer's source rows. */
export interface CustomerParts {
  readonly dataverse: PersonalDataverse;
  readonly options: { readonly setup: UnificationSetup };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Every source row that the map counts to a customer; undefined where it names none. One request once metadata is known,
 * made with the application's rights: the map stands in the root business unit.
 */
export function recordsOfCustomer(parts: CustomerParts, customerId: string): Promise<CustomerRecords | undefined> {
  return patiently(parts, async (signal) => {
    const { dataverse, options, now } = parts;
    const sources = options.setup.tables;
    const names = sources.map(({ table }) => table);
    const { map } = await insightTables(dataverse, names, now());
    if (map === undefined) return undefined;
    const select = mapSelect.filter((column) => column !== mapColumns.id);
    const list = { entitySetName: map.entitySetName, select, column: mapColumns.customerId, values: [customerId] };
    const [rows = []] = await dataverse.readLists([list], signal);
    if (rows.length === 0) return undefined;
    const records = rows.map((row) => recordOf(row, sources)).sort(byTableAndKey);
    return { customerId, records, tablesWithSeveral: several(records) };
  });
}

/** A map row as the source row that it names, read as linking reads it. */
function recordOf(row: Row, sources: readonly SourceTable[]): CustomerRecord {
  const text = (column: string): string => String(row[column] ?? '').trim();
  const identifier = splitIdentifier(text(mapColumns.identifier));
  const named = {
    dataSource: text(mapColumns.dataSource) || (identifier?.dataSource ?? ''),
    entity: text(mapColumns.entity) || (identifier?.entity ?? ''),
  };
  const source = sources.find((candidate) => isOfSource(named, candidate));
  const reading = source && readMapRow(row, source);
  const entry = reading?.kind === 'entry' ? reading.entry : undefined;
  return {
    mapRowId: text(mapColumns.id).toLowerCase(),
    ...named,
    table: entry === undefined ? null : (source?.table ?? null),
    key: entry?.sourceId ?? (text(mapColumns.key) || (identifier?.key ?? '')),
    profileId: text(mapColumns.profile).toLowerCase() || null,
  };
}

const byTableAndKey = (a: CustomerRecord, b: CustomerRecord): number =>
  (a.table ?? '~').localeCompare(b.table ?? '~') || a.key.localeCompare(b.key);

/** Two map rows for one source row are one row still. */
function several(records: readonly CustomerRecord[]): CustomerRecords['tablesWithSeveral'] {
  const byTable = Map.groupBy(records, ({ table }) => table);
  return [...byTable].flatMap(([table, some]) => {
    const rows = new Set(some.map(({ key }) => key)).size;
    return table === null || rows < 2 ? [] : [{ table, rows }];
  });
}
