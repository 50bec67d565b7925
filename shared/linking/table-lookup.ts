import type { Finding } from '../contracts/run.ts';
import { linkColumn, profileTable } from '../customer-insights/names.ts';
import type { DefinitionReader, LookupMetadata, TableMetadata } from '../dataverse/dataverse.ts';
import type { LinkedTable } from '../inspect/needed-privileges.ts';

/** Names of one request: more make a filter that servers refuse to parse. */
const namesPerRequest = 60;

/** The lookup from a source table to the profiles, where it has one. */
export const linkOf = ({ lookups }: TableMetadata): LookupMetadata | undefined =>
  lookups.find(({ column, referencedTable }) => column === linkColumn && referencedTable === profileTable);

/** What the relationship is called that is made with the lookup column. */
export const relationshipName = (table: string): string => `${profileTable}_${table}`;

/** A table as the check of privileges looks at it. */
export const linkedTableOf = (table: TableMetadata, map: TableMetadata): LinkedTable => ({
  table: table.logicalName,
  hasColumn: linkOf(table) !== undefined,
  tracksMap: map.changeTracking && map.tableType !== 'Virtual',
  securedColumn: table.securedColumns.get(linkColumn),
});

/** The name of a relationship that is to be made is taken by another. */
export type RelationshipFinding = Finding & { readonly code: 'relationship-in-the-way' };

/**
 * Which of some tables cannot be given the lookup column, because another relationship has the name that comes with it;
 * by table. One request for dozens of tables, none where all of them have the column.
 */
export async function takenRelationships(
  dataverse: DefinitionReader,
  tables: readonly TableMetadata[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RelationshipFinding>> {
  const wanted = new Map(
    tables
      .filter((table) => linkOf(table) === undefined)
      .map(({ logicalName }) => [relationshipName(logicalName).toLowerCase(), logicalName]),
  );
  const names = [...wanted.keys()];
  const paths: string[] = [];
  for (let at = 0; at < names.length; at += namesPerRequest) {
    const some = names.slice(at, at + namesPerRequest).map((name) => `SchemaName eq '${name}'`);
    paths.push(`RelationshipDefinitions?$select=SchemaName&$filter=${encodeURIComponent(some.join(' or '))}`);
  }
  const read = (path: string) => dataverse.readObject(path, 'read the names of relationships', signal);
  const answers = await Promise.all(paths.map(read));
  const taken = answers.flatMap(({ value }) => (value ?? []) as { readonly SchemaName?: unknown }[]);
  return new Map(
    taken.flatMap(({ SchemaName }): [string, RelationshipFinding][] => {
      const table = wanted.get(String(SchemaName).toLowerCase());
      return table === undefined ? [] : [[table, isTaken(table, String(SchemaName))]];
    }),
  );
}

const isTaken = (table: string, name: string): RelationshipFinding => ({
  code: 'relationship-in-the-way',
  finding: `${table} has no lookup column ${linkColumn} yet, and another relationship has the name ${name} that comes with it.`,
  remedy: `Delete the relationship ${name}, which links no rows; or make the lookup column ${linkColumn} on ${table} towards ${profileTable} yourself, with a relationship of another name.`,
});
