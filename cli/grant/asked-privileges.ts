import { mapTable, profileTable } from '../../shared/customer-insights/names.ts';
import {
  actForOthersPrivilege,
  bypassPrivilege,
  definitionPrivileges,
  type Need,
  type Right,
  tablePrivileges,
} from '../../shared/inspect/least-privileges.ts';
import type { Duty, Wanted } from './wanted.ts';

/** A privilege that a role is to have, for the whole organisation. */
export interface AskedPrivilege {
  readonly duty: Duty;
  /** The row that it stands in where a role is edited by hand. */
  readonly row: string;
  /** Empty where the row has one box only. */
  readonly right: Right | '';
  readonly need: Need | 'bypass';
  readonly purpose: string;
  /** Where the name is to be found: in a table's metadata, or it is known. */
  readonly of: { readonly table: string; readonly right: Right } | { readonly name: string };
}

/** The rows of a role's editor that do not stand there under their logical names. */
const rowNames: Readonly<Record<string, string>> = {
  [profileTable]: `Customer Profile (${profileTable})`,
  [mapTable]: `Alternate Key (${mapTable})`,
  sdkmessage: 'Sdk Message',
  sdkmessagefilter: 'Sdk Message Filter',
  sdkmessageprocessingstep: 'Sdk Message Processing Step',
  workflow: 'Process',
  callbackregistration: 'Callback Registration',
  systemuser: 'User',
  businessunit: 'Business Unit',
  team: 'Team',
  role: 'Security Role',
  organization: 'Organization',
};

/** Only what links rows goes to those that only link rows. */
const dutyOf = (need: Need): Duty => (need === 'linking' ? 'linking' : 'app');

/** The least privileges: what is printed and what is granted are this one list. */
export const askedPrivileges = ({
  tables,
  bypass,
  extent,
}: Pick<Wanted, 'tables' | 'bypass' | 'extent'>): AskedPrivilege[] => [
  ...tablePrivileges(tables, extent).map(({ table, right, need, purpose }) => ({
    ...{ duty: dutyOf(need), row: rowNames[table] ?? table, right, need, purpose },
    of: { table, right },
  })),
  ...definitionPrivileges.map(({ name, row, right, need, purpose }) => ({
    ...{ duty: dutyOf(need), row, right, need, purpose },
    of: { name },
  })),
  ...(extent === 'linking'
    ? []
    : [
        {
          ...({ duty: 'app', right: '', need: 'units', of: { name: actForOthersPrivilege } } as const),
          row: `Act on Behalf of Another User (${actForOthersPrivilege})`,
          purpose: 'show the profile behind a row as the person who asks sees it',
        },
      ]),
  ...(bypass
    ? [
        {
          ...({ duty: 'linking', right: '', need: 'bypass', of: { name: bypassPrivilege } } as const),
          row: bypassPrivilege,
          purpose: 'pass by custom logic; no editor shows it, the action AddPrivilegesRole adds it',
        },
      ]
    : []),
];

/** Privileges put together by the row they stand in, in the order of the list. */
export function byRow<T extends Pick<AskedPrivilege, 'duty' | 'row'>>(asked: readonly T[]): T[][] {
  const rows = new Map<string, T[]>();
  for (const one of asked) {
    const key = `${one.duty} ${one.row}`;
    rows.set(key, [...(rows.get(key) ?? []), one]);
  }
  return [...rows.values()];
}

/** How a right is called in a role's editor. */
export const rightText = (right: AskedPrivilege['right']): string => (right === 'AppendTo' ? 'Append To' : right);
