import { expect } from 'vitest';
import type { Organisation, Row, TrueLink } from '../../local/sample/organisation.ts';

/** `expect` takes its time; this is for checks made on each of many thousand rows. */
function demand(holds: boolean, what: () => string): void {
  if (!holds) throw new Error(what());
}

/** Every row of an organisation by table and id. */
export type Contents = ReadonlyMap<string, ReadonlyMap<string, Row>>;

export const contentsOf = (organisation: Organisation): Map<string, Map<string, Row>> =>
  new Map(
    organisation.tables.map(({ logicalName, primaryId }) => [
      logicalName,
      new Map([...organisation.rowsOf(logicalName)].map((row) => [String(row[primaryId]), row])),
    ]),
  );

/** A GUID in any of the forms the map has it in, as 32 lower-case digits. */
const digitsOf = (text: string): string => text.toLowerCase().replace(/[^0-9a-f]/g, '');

/** What the key map alone says of a table's rows: where each must lead. */
export function linksByMap(
  organisation: Pick<Organisation, 'sourceTables'>,
  contents: Contents,
  table: string,
): TrueLink[] {
  const source = organisation.sourceTables.find((candidate) => candidate.table === table);
  const profileOf = new Map<string, string>();
  for (const row of contents.get('msdynci_alternatekey')?.values() ?? []) {
    if (row.msdynci_datasourcename !== source?.dataSource || row.msdynci_entityname !== source?.entity) continue;
    const key = digitsOf(String(row.msdynci_alternatevalue));
    demand(!profileOf.has(key), () => `${table} ${key} has two map rows`);
    profileOf.set(key, String(row.msdynci_lookupfield_customer));
  }
  const links = [...(contents.get(table)?.keys() ?? [])].map((id) => {
    const profileId = profileOf.get(digitsOf(id)) ?? null;
    profileOf.delete(digitsOf(id));
    return { id, profileId };
  });
  expect([...profileOf.keys()], `map rows of ${table} without a row`).toEqual([]);
  return links;
}

export const byId = (links: Iterable<TrueLink>): TrueLink[] =>
  [...links].sort((one, other) => (one.id < other.id ? -1 : 1));

/** Fails unless truth, map, profiles and metadata agree with each other. */
export function expectConsistent(organisation: Organisation, contents: Contents): void {
  for (const { table } of organisation.sourceTables)
    expect(byId(organisation.truth(table))).toEqual(byId(linksByMap(organisation, contents, table)));
  for (const { logicalName, primaryId, columns } of organisation.tables) {
    const rows = contents.get(logicalName) ?? new Map<string, Row>();
    const columnOf = new Map(columns.map((column) => [column.logicalName, column]));
    for (const [id, row] of rows)
      for (const [name, value] of Object.entries(row)) {
        if (name === primaryId || value === null) continue;
        const column = columnOf.get(name);
        if (column === undefined) throw new Error(`${logicalName} ${id}: no column ${name}`);
        if (typeof value === 'string')
          demand(value.length <= (column.maxLength ?? Infinity), () => `${logicalName} ${id}: ${name} is too long`);
        for (const target of column.targets ?? [])
          demand(
            contents.get(target)?.has(String(value)) === true,
            () => `${logicalName} ${id}: ${name} points to ${target} ${value}, which is not there`,
          );
      }
  }
  for (const [id, profile] of contents.get('msdynci_customerprofile') ?? [])
    demand(/^[0-9a-f]{32}$/.test(String(profile.msdynci_customerid)), () => `profile ${id} has no CustomerId`);
  for (const [id, row] of contents.get('msdynci_alternatekey') ?? []) {
    const profile = contents.get('msdynci_customerprofile')?.get(String(row.msdynci_lookupfield_customer));
    demand(
      profile?.msdynci_customerid === row.msdynci_customerid,
      () => `map row ${id} has another customer's profile`,
    );
    const ring: { dataSourceName: string; tableName: string; preferredKey: string; keys: string[] }[] = JSON.parse(
      String(row.msdynci_keyring),
    );
    const own = ring.find(
      ({ dataSourceName, tableName }) =>
        dataSourceName === row.msdynci_datasourcename && tableName === row.msdynci_entityname,
    );
    demand(
      own?.keys.includes(String(row.msdynci_alternatevalue)) === true,
      () => `map row ${id} is not in its key ring`,
    );
    demand(own?.preferredKey === own?.keys[0], () => `map row ${id}: the preferred key is not the winner`);
  }
}
