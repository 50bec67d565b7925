import { AppError } from '../app-client.ts';
import { mayNot } from './admin-client.ts';
import type { Environment, Privilege, ResolvedPrivilege } from './read-environment.ts';
import type { Holder } from './read-roles.ts';
import { type Duty, duties, identitiesOf, roleName, type Wanted } from './wanted.ts';

/** What is to become of a role. */
export interface RolePlan {
  readonly duty: Duty;
  readonly name: string;
  /** Undefined where it is to be made. */
  readonly roleId: string | undefined;
  /** Everything that it is to have, and nothing else. */
  readonly asked: readonly (ResolvedPrivilege & { readonly found: Privilege })[];
  /** Ids of what it lacks, or has for less than the whole organisation. */
  readonly missing: ReadonlySet<string>;
  /** Ids of what it has and nobody asked for. */
  readonly surplus: readonly string[];
}

/** What is to become of an identity. */
export interface UserPlan {
  readonly clientId: string;
  /** Undefined where it is to be made. */
  readonly userId: string | undefined;
  /** Roles that it lacks. */
  readonly give: readonly Duty[];
  /** Roles that it has from another duty of before, by the id of the copy that it has. */
  readonly takeBack: readonly { readonly duty: Duty; readonly roleId: string }[];
}

/** The difference between what is asked for and what there is. */
export interface Plan {
  readonly unitId: string;
  readonly roles: readonly RolePlan[];
  readonly users: readonly UserPlan[];
  /** Asked privileges that are not given, with the reason. */
  readonly left: readonly ResolvedPrivilege[];
  /** Roles besides ours that the identities have, by client id. */
  readonly otherRoles: ReadonlyMap<string, readonly string[]>;
}

/** Holders of a role that nobody named. */
export const strangersOf = (wanted: Wanted, environment: Pick<Environment, 'roles' | 'users'>): Holder[] => {
  const own = new Set([...environment.users.values()].flatMap(({ all }) => all));
  const known = new Set([...own, ...wanted.otherHolders]);
  return [...environment.roles.values()].flatMap(({ holders }) => holders.filter(({ id }) => !known.has(id)));
};

/**
 * What granting would change. Nothing is done here.
 * @throws AppError where a table that is linked would lose its privileges
 */
export function planOf(wanted: Wanted, environment: Environment): Plan {
  const { unitId, asked, roles, users } = environment;
  refuseLosses(wanted, environment);
  const rolePlans = duties.map((duty): RolePlan => {
    const role = roles.get(duty);
    const ofDuty = asked.flatMap((one) =>
      one.duty === duty && one.found !== undefined ? [{ ...one, found: one.found }] : [],
    );
    const ids = new Set(ofDuty.map(({ found }) => found.id));
    return {
      duty,
      name: roleName(duty, wanted.installation),
      roleId: role?.id,
      asked: ofDuty,
      missing: new Set([...ids].filter((id) => role?.held.get(id) !== 'Global')),
      surplus: [...(role?.held.keys() ?? [])].filter((id) => !ids.has(id)),
    };
  });
  const ids = [...wanted.clientIds, ...wanted.writerIds];
  const ownRoles = new Set([...roles.values()].map(({ id }) => id));
  const plan: Plan = {
    unitId,
    roles: rolePlans,
    users: ids.map((clientId) => {
      const user = users.get(clientId);
      const has = (duty: Duty): boolean => identitiesOf(duty, wanted).includes(clientId);
      const holds = (duty: Duty): boolean => user?.roleIds.has(roles.get(duty)?.id ?? '') ?? false;
      return {
        clientId,
        userId: user?.id,
        give: duties.filter((duty) => has(duty) && !holds(duty)),
        takeBack: duties.flatMap((duty) => {
          const roleId = roles.get(duty)?.id;
          return roleId !== undefined && !has(duty) && holds(duty) ? [{ duty, roleId }] : [];
        }),
      };
    }),
    left: asked.filter(({ left }) => left !== undefined),
    otherRoles: new Map(
      ids.map((clientId) => [
        clientId,
        [...(users.get(clientId)?.roleIds ?? [])].filter((roleId) => !ownRoles.has(roleId)),
      ]),
    ),
  };
  return plan;
}

/** Whether anything is to be done. */
export const isComplete = ({ roles, users }: Plan): boolean =>
  roles.every(({ roleId, missing, surplus }) => roleId !== undefined && missing.size + surplus.length === 0) &&
  users.every(({ userId, give, takeBack }) => userId !== undefined && give.length + takeBack.length === 0);

/** Links would stop at the next event where a table that is linked goes unnamed: more likely forgotten than meant. */
function refuseLosses({ tables, dropped }: Wanted, { roles, linked }: Environment): void {
  const held = roles.get('linking')?.held;
  const forgotten = [...linked]
    .filter(([table, write]) => held?.has(write) && !tables.includes(table) && !dropped.includes(table))
    .map(([table]) => table);
  if (forgotten.length === 0) return;
  const [named, gone] = ['--table', '--drop'].map((option) => forgotten.map((table) => `${option} ${table}`).join(' '));
  throw new AppError(
    `The role links ${forgotten.join(', ')} too, and would lose what that takes. Name every table that is linked: add ${named}; or say ${gone}, if it shall not be linked any more.`,
    0,
  );
}

/**
 * Refuses before the first write what would be refused in the midst of it.
 * @throws AppError where whoever grants lacks a right
 */
export function refuseWithoutRights({ roles, users }: Plan, { own, toGrant }: Environment): void {
  if (own === undefined) return;
  const lacks = (privilege: Privilege | undefined): privilege is Privilege =>
    privilege !== undefined && !own.has(privilege.id);
  const needs: readonly (readonly [boolean, Privilege | undefined, string])[] = [
    [roles.some(({ roleId }) => roleId === undefined), toGrant.makeRole, 'make a security role'],
    [roles.some(({ missing }) => missing.size > 0), toGrant.changeRole, 'add privileges to a security role'],
    [users.some(({ userId }) => userId === undefined), toGrant.makeUser, 'make an application user'],
    [users.some(({ give }) => give.length > 0), toGrant.changeUser, 'give a user a security role'],
  ];
  for (const [isNeeded, privilege, what] of needs) {
    if (isNeeded && lacks(privilege)) throw new AppError(mayNot(what, privilege.name), 403);
  }
  const added = roles.flatMap(({ asked, missing }) =>
    asked.flatMap(({ found }) => (missing.has(found.id) ? [found] : [])),
  );
  const [first] = added.filter(lacks);
  // Dataverse lets nobody give away what he does not have.
  if (first !== undefined) throw new AppError(mayNot('give away what it does not have', first.name), 403);
}
