import { mapTable, profileTable } from '../../shared/customer-insights/names.ts';
import {
  actForOthersPrivilege,
  bypassPrivilege,
  definitionPrivileges,
  type Need,
  tablePrivileges,
} from '../../shared/inspect/least-privileges.ts';
import { textTable } from '../text.ts';
import { roleName } from './complete-role.ts';
import type { Wanted } from './grant-access.ts';

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

const whenNeeded: Readonly<Record<Need, string>> = {
  linking: 'always',
  column: 'until each table has its lookup column',
  checks: 'for the doctor and rehearsals',
  units: 'where business units are kept apart',
  ownership: 'where the app sees to owners',
};

export interface ListedPrivilege {
  readonly row: string;
  readonly right: string;
  readonly needed: string;
  readonly purpose: string;
}

/** The least privileges, as somebody needs them who ticks them in a role's editor; all for the whole organisation. */
export const listPrivileges = ({
  tables,
  bypass,
  extent,
}: Pick<Wanted, 'tables' | 'bypass' | 'extent'>): ListedPrivilege[] => [
  ...[
    ...tablePrivileges(tables, extent).map(({ table, ...one }) => ({ row: rowNames[table] ?? table, ...one })),
    ...definitionPrivileges,
  ].map(({ row, right, need, purpose }) => ({
    ...{ row, right: right === 'AppendTo' ? 'Append To' : right, needed: whenNeeded[need], purpose },
  })),
  ...(extent === 'linking'
    ? []
    : [
        {
          row: `Act on Behalf of Another User (${actForOthersPrivilege})`,
          right: '',
          needed: whenNeeded.units,
          purpose: 'show the profile behind a row as the person who asks sees it',
        },
      ]),
  ...(bypass
    ? [
        {
          row: bypassPrivilege,
          right: '',
          needed: 'with BACKSTAMP_BYPASS',
          purpose: 'pass by custom logic; no editor shows it, the action AddPrivilegesRole adds it',
        },
      ]
    : []),
];

/** The list and what to do with it, in words. */
export function privilegeListText(wanted: Wanted): string {
  const users = wanted.clientIds.length === 0 ? ["each of the app's client ids"] : wanted.clientIds;
  return [
    `Security role "${roleName}", in the root business unit; every privilege on organisation level:\n\n`,
    textTable(
      ['table or privilege', 'right', 'needed', 'to'],
      listPrivileges(wanted).map(({ row, right, needed, purpose }) => [row, right, needed, purpose]),
    ),
    '\nApplication users with this role, in the root business unit:\n',
    ...users.map((clientId) => `  ${clientId}\n`),
  ].join('');
}
