import { ownedTables, type UnificationSetup } from '../contracts/unification-setup.ts';
import { segmentDefinitionTables, segmentTable } from '../customer-insights/customer-tables.ts';
import { mapTable, profileTable } from '../customer-insights/names.ts';

/**
 * What a privilege is needed for. `linking`: no row is linked without it. `column`: the lookup column cannot be made,
 * where a table has none yet. `checks`: linking works, and the checks and a rehearsal have less to tell. `units`: linking
 * works, and where business units are kept apart, segments are not judged, units go by their ids, or people who are
 * signed in are not let in. `ownership`: no owner is written without it, where the app sees to owners.
 */
export type Need = 'linking' | 'column' | 'checks' | 'units' | 'ownership';

/** How much the app is set up to do; each includes what stands before it. */
export type Extent = 'linking' | 'businessUnits' | 'ownership';

export const extentOf = ({ businessUnits }: UnificationSetup): Extent => {
  if (businessUnits === undefined) return 'linking';
  return businessUnits.ownership === undefined ? 'businessUnits' : 'ownership';
};

/** The command that gives an app of this extent everything it needs. */
export const grantCommands: Readonly<Record<Extent, string>> = {
  linking: 'backstamp grant',
  businessUnits: 'backstamp grant --business-units',
  ownership: 'backstamp grant --ownership',
};

export type Right = 'Read' | 'Write' | 'Append' | 'AppendTo' | 'Create' | 'Assign';

interface Privilege {
  readonly right: Right;
  readonly need: Need;
  /** What for, in words that follow "needed to". */
  readonly purpose: string;
}

/** A privilege on a table; its name stands in the table's metadata, some being irregular (`prvReadUser` for systemuser). */
export interface TablePrivilege extends Privilege {
  readonly table: string;
}

/** A privilege on definitions, which have no metadata of their own. */
export interface DefinitionPrivilege extends Privilege {
  readonly name: string;
  /** The row that it stands in where a role is edited by hand. */
  readonly row: string;
}

/** Lets a write pass by custom plug-ins and workflows; for those who set BACKSTAMP_BYPASS. */
export const bypassPrivilege = 'prvBypassCustomBusinessLogic';

/** Lets the app read a profile as the person who asks: where business units are kept apart, the only way to show one. */
export const actForOthersPrivilege = 'prvActOnBehalfOfAnotherUser';

/** Everything that is done to tables; nothing else is ever asked for. Names each right on a table once. */
export const tablePrivileges = (sources: readonly string[], extent: Extent = 'linking'): TablePrivilege[] => {
  const all = [
    ...linkingPrivileges(sources),
    ...(extent === 'linking' ? [] : businessUnitsPrivileges),
    ...(extent === 'ownership' ? ownershipPrivileges : []),
  ];
  // What is needed for more than one thing is told by the last of them, where its lack costs most.
  return [...new Map(all.map((one) => [`${one.table} ${one.right}`, one])).values()];
};

const linkingPrivileges = (sources: readonly string[]): TablePrivilege[] => [
  ...sources.flatMap((table): TablePrivilege[] => [
    { table, right: 'Read', need: 'linking', purpose: 'compare the links that rows have' },
    { table, right: 'Write', need: 'linking', purpose: 'write the link' },
    { table, right: 'Append', need: 'linking', purpose: 'connect a row to its profile' },
  ]),
  { table: profileTable, right: 'Read', need: 'linking', purpose: 'find profiles' },
  { table: profileTable, right: 'AppendTo', need: 'linking', purpose: 'be connected to from a row' },
  { table: mapTable, right: 'Read', need: 'linking', purpose: 'read which row belongs to which customer' },
  ...['sdkmessage', 'sdkmessagefilter', 'sdkmessageprocessingstep', 'workflow', 'callbackregistration'].map(
    (table): TablePrivilege => ({ table, right: 'Read', need: 'checks', purpose: 'tell what a linked row sets off' }),
  ),
  { table: 'systemuser', right: 'Read', need: 'checks', purpose: "check the app's own privileges" },
  { table: 'organization', right: 'Read', need: 'checks', purpose: "name the column in the organisation's language" },
];

/** What is done besides where business units are kept apart. */
const businessUnitsPrivileges: readonly TablePrivilege[] = [
  { table: segmentTable, right: 'Read', need: 'units', purpose: 'count the members of segments' },
  ...segmentDefinitionTables.map(
    (table): TablePrivilege => ({ table, right: 'Read', need: 'units', purpose: 'tell the owners of segments' }),
  ),
  { table: 'businessunit', right: 'Read', need: 'units', purpose: 'call business units by their names' },
  {
    table: 'systemuser',
    right: 'Read',
    need: 'units',
    purpose: "check the app's own privileges, and whether people who are signed in may read every unit",
  },
  ...['team', 'role', 'organization'].map(
    (table): TablePrivilege => ({ table, right: 'Read', need: 'checks', purpose: 'check the teams of business units' }),
  ),
];

/** What is done besides where the app sees to owners. */
const ownershipPrivileges: readonly TablePrivilege[] = [
  ...ownedTables.flatMap((table): TablePrivilege[] => [
    ...(table === profileTable
      ? []
      : [{ table, right: 'Read', need: 'ownership', purpose: 'compare the owners that rows have' } as const]),
    { table, right: 'Write', need: 'ownership', purpose: 'write the owner' },
    { table, right: 'Assign', need: 'ownership', purpose: 'give rows another owner' },
  ]),
  ...['businessunit', 'team', 'role', 'organization'].map(
    (table): TablePrivilege => ({ table, right: 'Read', need: 'ownership', purpose: 'find the teams that own rows' }),
  ),
];

/** What is done to definitions of tables, columns and relationships. */
export const definitionPrivileges: readonly DefinitionPrivilege[] = [
  ...(['Entity', 'Attribute', 'Relationship'] as const).map(
    (kind): DefinitionPrivilege => ({
      name: `prvRead${kind}`,
      row: kind === 'Attribute' ? 'Field' : kind,
      right: 'Read',
      need: 'linking',
      purpose: 'read how the tables are defined',
    }),
  ),
  ...(['Attribute', 'Relationship'] as const).map(
    (kind): DefinitionPrivilege => ({
      name: `prvCreate${kind}`,
      row: kind === 'Attribute' ? 'Field' : kind,
      right: 'Create',
      need: 'column',
      purpose: 'make the lookup column, once per table',
    }),
  ),
];
