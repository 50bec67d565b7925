import type { InspectableDataverse } from '../dataverse/dataverse.ts';
import { mapTable, profileTable } from '../linking/names.ts';
import type { KnownIdentity } from './identity.ts';
import type { Check } from './report.ts';

/** A privilege that linking needs, and what for. */
export interface NeededPrivilege {
  /** The table it is about; `organisation` where it belongs to none. */
  readonly subject: string;
  readonly name: string;
  readonly purpose: string;
}

type Right = 'Read' | 'Write' | 'Append' | 'AppendTo';

/** What is done to each kind of table; nothing else is ever asked for. */
const rights: Readonly<Record<'source' | 'profile' | 'map', readonly (readonly [Right, string])[]>> = {
  source: [
    ['Read', 'compare the links that rows have'],
    ['Write', 'write the link'],
    ['Append', 'connect a row to its profile'],
  ],
  profile: [
    ['Read', 'find profiles'],
    ['AppendTo', 'be connected to from a row'],
  ],
  map: [['Read', 'read which row belongs to which customer']],
};

/** Privileges to make the lookup column where a table has none yet. */
const toMakeTheColumn = ['prvCreateAttribute', 'prvCreateRelationship', 'prvWriteEntity'] as const;

/**
 * Every privilege that linking these tables needs, by the names that metadata gives: some are irregular
 * (`prvReadUser` for systemuser), so none is put together from a table's name.
 */
export async function neededPrivileges(
  dataverse: InspectableDataverse,
  sources: readonly { readonly table: string; readonly hasColumn: boolean }[],
  signal: AbortSignal,
): Promise<NeededPrivilege[]> {
  const kinds = new Map<string, 'source' | 'profile' | 'map'>([
    ...sources.map(({ table }) => [table, 'source'] as const),
    [profileTable, 'profile'],
    [mapTable, 'map'],
  ]);
  const filter = [...kinds.keys()].map((table) => `LogicalName eq '${table}'`).join(' or ');
  const path = `EntityDefinitions?$select=LogicalName,Privileges&$filter=${encodeURIComponent(filter)}`;
  const { value } = await dataverse.readObject(path, 'read the privileges of the tables', signal);
  const definitions = (value ?? []) as {
    LogicalName: string;
    Privileges?: readonly { Name: string; PrivilegeType: string }[];
  }[];
  const needed = definitions.flatMap(({ LogicalName: table, Privileges = [] }) =>
    rights[kinds.get(table) ?? 'map'].flatMap(([right, purpose]) =>
      Privileges.filter(({ PrivilegeType }) => PrivilegeType === right).map(({ Name }) => ({
        subject: table,
        name: Name,
        purpose,
      })),
    ),
  );
  if (sources.some(({ hasColumn }) => !hasColumn)) {
    for (const name of toMakeTheColumn) {
      needed.push({ subject: 'organisation', name, purpose: 'make the lookup column, once per table' });
    }
  }
  return needed;
}

/** Holds one identity against what is needed, table by table. */
export function checkPrivileges({ name, privileges }: KnownIdentity, needed: readonly NeededPrivilege[]): Check[] {
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
        level: 'fault',
        subject,
        finding: `${name} lacks ${one.name}, needed to ${one.purpose}.`,
        remedy: `Add ${one.name} at organisation level to a security role of the application user.`,
      });
    }
    for (const one of ofSubject) {
      const depth = privileges.get(one.name.toLowerCase());
      if (depth === undefined || depth === 'Global' || subject === 'organisation') continue;
      checks.push({
        code: 'privilege-depth',
        level: 'fault',
        subject,
        finding: `${name} has ${one.name} at depth ${depth} only: rows of other business units are out of its reach.`,
        remedy: `Raise ${one.name} to organisation level.`,
      });
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
