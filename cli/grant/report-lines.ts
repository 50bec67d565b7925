import { byRow, rightText } from './asked-privileges.ts';
import type { Plan, RolePlan } from './plan.ts';
import { roleName } from './wanted.ts';

/** What is so already, what was done, what is left to do, and what is worth a look. */
export interface Line {
  readonly kind: 'there' | 'done' | 'todo' | 'note';
  readonly text: string;
}

const title = (name: string): string => `the security role "${name}" in the root business unit`;

/** What there is to say of each thing that granting does, in words that go with `there`, `done` and `todo`. */
export const texts = {
  role: ({ name }: Pick<RolePlan, 'name'>): string => `${title(name)}`,
  user: (clientId: string): string => `the application user of ${clientId}`,
  gives: (clientId: string, name: string): string => `${clientId} has the role "${name}"`,
  takesBack: (clientId: string, name: string): string => `${clientId} has the role "${name}" no longer`,
  surplus: (name: string, privileges: readonly string[]): string =>
    `"${name}" has no longer what was not asked for: ${privileges.join(', ')}`,
};

/** A line for each table or privilege of a role: the list that `--print` shows, with what became of it. */
export const privilegeLines = ({ name, asked, missing }: RolePlan, kindOfMissing: Line['kind']): Line[] =>
  byRow(asked).flatMap((row) => {
    const line = (kind: Line['kind'], some: typeof row): Line[] => {
      const [first] = some;
      if (first === undefined) return [];
      const rights = some.map(({ right }) => rightText(right)).filter((right) => right !== '');
      const what = rights.length === 0 ? first.row : `${first.row}: ${rights.join(', ')}`;
      return [{ kind, text: `"${name}" ${what}` }];
    };
    const isMissing = ({ found }: (typeof row)[number]): boolean => missing.has(found.id);
    return [
      ...line(
        'there',
        row.filter((one) => !isMissing(one)),
      ),
      ...line(kindOfMissing, row.filter(isMissing)),
    ];
  });

/** The whole difference, with nothing done: for a look beforehand, and for a check. */
export function planLines(plan: Plan, surplusNames: ReadonlyMap<string, string>, installation?: string): Line[] {
  const lines: Line[] = plan.roles.flatMap((role) => [
    { kind: role.roleId === undefined ? 'todo' : 'there', text: texts.role(role) } as const,
    ...privilegeLines(role, 'todo'),
    ...(role.surplus.length === 0
      ? []
      : [{ kind: 'todo', text: texts.surplus(role.name, named(role.surplus, surplusNames)) } as const]),
  ]);
  for (const { clientId, userId, give, takeBack } of plan.users) {
    lines.push({ kind: userId === undefined ? 'todo' : 'there', text: texts.user(clientId) });
    for (const duty of give) lines.push({ kind: 'todo', text: texts.gives(clientId, roleName(duty, installation)) });
    for (const { duty } of takeBack) {
      lines.push({ kind: 'todo', text: texts.takesBack(clientId, roleName(duty, installation)) });
    }
    if (userId !== undefined && give.length === 0) {
      lines.push({ kind: 'there', text: `${clientId} has every role of its duty` });
    }
  }
  return lines;
}

export const named = (ids: readonly string[], names: ReadonlyMap<string, string>): string[] =>
  ids.map((id) => names.get(id) ?? id);

/** What is not given though it is on the list, and what the identities have besides. */
export function noteLines({ left, otherRoles }: Plan, roleNames: ReadonlyMap<string, string>): Line[] {
  const lines: Line[] = byRow(left).map((row) => {
    const rights = row.map(({ right }) => rightText(right)).join(', ');
    const why =
      row[0]?.left === 'not needed' ? 'not needed, every table has its lookup column' : 'there is no such table';
    return { kind: 'note', text: `${row[0]?.row}: ${rights}: ${why}` };
  });
  for (const [clientId, ids] of otherRoles) {
    if (ids.length === 0) continue;
    const others = named(ids, roleNames).join(', ');
    lines.push({ kind: 'note', text: `${clientId} has other roles too; linking does not need them: ${others}` });
  }
  return lines;
}
