import type { Level } from '../contracts/doctor-report.ts';
import type { DefinitionReader, Row } from '../dataverse/dataverse.ts';
import type { KnownIdentity } from './identity.ts';
import { definitionPrivileges, type Extent, grantCommands, type Need, tablePrivileges } from './least-privileges.ts';
import type { Check } from './report.ts';

/** What privileges are about that are not needed for a table's own sake. */
const subjects: Readonly<Partial<Record<Need, string>>> = { checks: 'organisation', units: 'business units' };

/** A privilege that linking needs, and what for. */
export interface NeededPrivilege {
  /** The table it is about; `organisation` where it belongs to none, or to none that is linked; `business units`. */
  readonly subject: string;
  readonly name: string;
  readonly need: Need;
  readonly purpose: string;
}

/** A table that is linked. */
export interface LinkedTable {
  readonly table: string;
  /** It has its lookup column: those privileges that it takes to make one are not needed then. */
  readonly hasColumn: boolean;
}

/** Names of the privileges on some tables, by table and right; some are irregular, so metadata tells. */
export type PrivilegeNames = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The tables on which there are privileges that linking these needs. */
export const tablesOfPrivileges = (sources: readonly string[], extent: Extent = 'linking'): string[] => [
  ...new Set(tablePrivileges(sources, extent).map(({ table }) => table)),
];

/**
 * Every privilege that linking these tables needs, by the names that metadata gives.
 * @param extent what the app does besides linking
 */
export async function neededPrivileges(
  dataverse: DefinitionReader,
  sources: readonly LinkedTable[],
  signal?: AbortSignal,
  extent: Extent = 'linking',
): Promise<NeededPrivilege[]> {
  const tables = tablesOfPrivileges(
    sources.map(({ table }) => table),
    extent,
  );
  return privilegesByName(await privilegeNames(dataverse, tables, signal), sources, extent);
}

/** The same with names that are known already; what has no name there is left out. */
export function privilegesByName(
  names: PrivilegeNames,
  sources: readonly LinkedTable[],
  extent: Extent = 'linking',
): NeededPrivilege[] {
  const wanted = tablePrivileges(
    sources.map(({ table }) => table),
    extent,
  );
  const ofTables = wanted.flatMap(({ table, right, need, purpose }) => {
    const name = names.get(table)?.get(right);
    const subject = subjects[need] ?? table;
    return name === undefined ? [] : [{ subject, name, need, purpose }];
  });
  const hasEveryColumn = sources.every(({ hasColumn }) => hasColumn);
  const ofDefinitions = definitionPrivileges
    .filter(({ need }) => need !== 'column' || !hasEveryColumn)
    .map(({ name, need, purpose }) => ({ subject: 'organisation', name, need, purpose }));
  // Tables of the platform may share a privilege.
  const byName = new Map([...ofTables, ...ofDefinitions].map((one) => [one.name.toLowerCase(), one]));
  return [...byName.values()];
}

/** Reads the names of the privileges on some tables. */
export const privilegeNames = async (
  dataverse: DefinitionReader,
  tables: readonly string[],
  signal?: AbortSignal,
): Promise<PrivilegeNames> =>
  privilegeNamesIn(await dataverse.readObject(privilegeNamesPath(tables), 'read the privileges of the tables', signal));

/** Where metadata tells the names of the privileges on some tables. */
export function privilegeNamesPath(tables: readonly string[]): string {
  const filter = tables.map((table) => `LogicalName eq '${table}'`).join(' or ');
  return `EntityDefinitions?$select=LogicalName,Privileges&$filter=${encodeURIComponent(filter)}`;
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

/** Without what only the checks need, or business units, rows are linked all the same. */
const levelOf = ({ need }: NeededPrivilege): Level =>
  need === 'checks' ? 'note' : need === 'units' ? 'warning' : 'fault';

/** What there is to say of a privilege below organisation level. */
function tooLow(
  name: string,
  needed: NeededPrivilege,
  depth: string,
  grant: string,
): Pick<Check, 'level' | 'finding' | 'remedy'> {
  const level = levelOf(needed);
  if (depth !== 'Basic') {
    return {
      level,
      finding: `${name} has ${needed.name} at depth ${depth} only: rows of other business units are out of its reach.`,
      remedy: `Run "${grant}", or raise ${needed.name} to organisation level.`,
    };
  }
  // Dataverse tells this depth of everything that a user has through a team, however far that reaches.
  return {
    level: level === 'fault' ? 'warning' : level,
    finding: `${name} has ${needed.name} at depth Basic, or through a team, of which Dataverse does not tell the depth: rows of other business units may be out of its reach.`,
    remedy: `Run "${grant}", or give the application user a role with ${needed.name} at organisation level, directly and not through a team.`,
  };
}

/** Holds one identity against what is needed, table by table. */
export function checkPrivileges(
  { name, privileges }: KnownIdentity,
  needed: readonly NeededPrivilege[],
  extent: Extent = 'linking',
): Check[] {
  const grant = grantCommands[extent];
  if (privileges === undefined) {
    return [
      {
        code: 'privileges-unknown',
        level: 'note',
        subject: name,
        finding: `The privileges of ${name} cannot be checked: it may not read them.`,
        remedy: `Give its role the privilege to read users (prvReadUser), or see to it that the role has: ${needed.map((one) => one.name).join(', ')}.`,
      },
    ];
  }
  const checks: Check[] = [];
  for (const subject of new Set(needed.map((one) => one.subject))) {
    const ofSubject = needed.filter((one) => one.subject === subject);
    const missing = ofSubject.filter((one) => !privileges.has(one.name.toLowerCase()));
    for (const one of missing) {
      checks.push({
        code: 'privilege-missing',
        level: levelOf(one),
        subject,
        finding: `${name} lacks ${one.name}, needed to ${one.purpose}.`,
        remedy: `Run "${grant}", or add ${one.name} at organisation level to a security role of the application user.`,
      });
    }
    for (const one of ofSubject) {
      const depth = privileges.get(one.name.toLowerCase());
      if (depth === undefined || depth === 'Global') continue;
      checks.push({ code: 'privilege-depth', subject, ...tooLow(name, one, depth, grant) });
    }
    if (missing.length === 0) {
      checks.push({
        code: 'privileges',
        level: 'good',
        subject,
        finding: `${name} has ${ofSubject.map((one) => one.name).join(', ')}.`,
      });
    }
  }
  return checks;
}
