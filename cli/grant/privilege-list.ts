import { textTable } from '../text.ts';
import { type AskedPrivilege, askedPrivileges, rightText } from './asked-privileges.ts';
import { duties, identitiesOf, roleName, type Wanted } from './wanted.ts';

const whenNeeded: Readonly<Record<AskedPrivilege['need'], string>> = {
  linking: 'always',
  column: 'until each table has its lookup column',
  checks: 'for the doctor and rehearsals',
  units: 'where business units are kept apart',
  ownership: 'where the app sees to owners',
  bypass: 'with BACKSTAMP_BYPASS',
};

export interface ListedPrivilege {
  readonly role: string;
  readonly row: string;
  readonly right: string;
  readonly needed: string;
  readonly purpose: string;
}

/** The least privileges, as somebody needs them who ticks them in a role's editor; all for the whole organisation. */
export const listPrivileges = (wanted: Wanted): ListedPrivilege[] =>
  askedPrivileges(wanted).map(({ duty, row, right, need, purpose }) => ({
    role: roleName(duty, wanted.installation),
    ...{ row, right: rightText(right), needed: whenNeeded[need], purpose },
  }));

/** The list and what to do with it, in words. */
export function privilegeListText(wanted: Wanted): string {
  const listed = listPrivileges(wanted);
  const { clientIds, writerIds } = wanted;
  const named = clientIds.length > 0 ? clientIds : ["each of the app's client ids"];
  return [...duties]
    .reverse()
    .map((duty) => {
      const name = roleName(duty, wanted.installation);
      const users = identitiesOf(duty, { clientIds: named, writerIds });
      return [
        `Security role "${name}", in the root business unit; every privilege on organisation level:\n\n`,
        textTable(
          ['table or privilege', 'right', 'needed', 'to'],
          listed
            .filter(({ role }) => role === name)
            .map(({ row, right, needed, purpose }) => [row, right, needed, purpose]),
        ),
        '\nApplication users with this role, in the root business unit:\n',
        ...users.map((clientId) => `  ${clientId}\n`),
      ].join('');
    })
    .join('\n');
}
