import { mapTable } from '../customer-insights/names.ts';
import type { DefinitionReader, Row } from '../dataverse/dataverse.ts';
import { definitionPrivileges, type Extent, type Need, tablePrivileges } from './least-privileges.ts';

/** Tables of one request: more names make a filter that servers refuse to parse. */
const tablesPerRequest = 60;

/** What privileges are about that are not needed for a table's own sake. */
const subjects: Readonly<Partial<Record<Need, string>>> = { checks: 'organisation', units: 'business units' };

/** A privilege that linking needs, and what for. */
export interface NeededPrivilege {
  /** The table it is about; `organisation` where it belongs to none, or to none that is linked; `business units`. */
  readonly subject: string;
  readonly name: string;
  readonly need: Need;
  readonly purpose: string;
  /** Reaching every business unit is not enough: it takes the depth Global itself. */
  readonly isGlobal: boolean;
}

/** A table that is linked. */
export interface LinkedTable {
  readonly table: string;
  /** It has its lookup column: those privileges that it takes to make one are not needed then. */
  readonly hasColumn: boolean;
  /** The map is read by its changes, which Dataverse tells to nobody but those who may read the whole organisation. */
  readonly tracksMap: boolean;
  /** Metadata id of the lookup column, where column security keeps it closed to whom no profile opens it. */
  readonly securedColumn: string | undefined;
}

/** Names of the privileges on some tables, by table and right; some are irregular, so metadata tells. */
export type PrivilegeNames = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The tables on which there are privileges that linking these needs. */
export const tablesOfPrivileges = (sources: readonly string[], extent: Extent = 'linking'): string[] => [
  ...new Set(tablePrivileges(sources, extent).map(({ table }) => table)),
];

/** Every privilege that linking these tables needs, by the names that metadata gives; what has none is left out. */
export function privilegesByName(
  names: PrivilegeNames,
  sources: readonly LinkedTable[],
  extent: Extent = 'linking',
): NeededPrivilege[] {
  const wanted = tablePrivileges(
    sources.map(({ table }) => table),
    extent,
  );
  const tracksMap = sources.some((source) => source.tracksMap);
  const ofTables = wanted.flatMap(({ table, right, need, purpose }) => {
    const name = names.get(table)?.get(right);
    const subject = subjects[need] ?? table;
    const isGlobal = tracksMap && table === mapTable && right === 'Read';
    return name === undefined ? [] : [{ subject, name, need, purpose, isGlobal }];
  });
  const hasEveryColumn = sources.every(({ hasColumn }) => hasColumn);
  const ofDefinitions = definitionPrivileges
    .filter(({ need }) => need !== 'column' || !hasEveryColumn)
    .map(({ name, need, purpose }) => ({ subject: 'organisation', name, need, purpose, isGlobal: false }));
  // Tables of the platform may share a privilege.
  const byName = new Map([...ofTables, ...ofDefinitions].map((one) => [one.name.toLowerCase(), one]));
  return [...byName.values()];
}

/** Reads the names of the privileges on some tables. */
export async function privilegeNames(
  dataverse: DefinitionReader,
  tables: readonly string[],
  signal?: AbortSignal,
): Promise<PrivilegeNames> {
  const read = (path: string) => dataverse.readObject(path, 'read the privileges of the tables', signal);
  const answers = await Promise.all(privilegeNamesPaths(tables).map(read));
  return new Map(answers.flatMap((answer) => [...privilegeNamesIn(answer)]));
}

/** Where metadata tells the names of the privileges on some tables. */
export function privilegeNamesPaths(tables: readonly string[]): string[] {
  const paths: string[] = [];
  for (let at = 0; at < tables.length; at += tablesPerRequest) {
    const names = tables.slice(at, at + tablesPerRequest).map((table) => `LogicalName eq '${table}'`);
    paths.push(`EntityDefinitions?$select=LogicalName,Privileges&$filter=${encodeURIComponent(names.join(' or '))}`);
  }
  return paths;
}

/** The names that stand in its answer. */
export function privilegeNamesIn({ value }: Row): PrivilegeNames {
  const definitions = (value ?? []) as {
    LogicalName: string;
    Privileges?: readonly { Name: string; PrivilegeType: string }[];
  }[];
  return new Map(
    definitions.map(({ LogicalName, Privileges = [] }) => [
      LogicalName,
      new Map(Privileges.map(({ Name, PrivilegeType }) => [PrivilegeType, Name])),
    ]),
  );
}
