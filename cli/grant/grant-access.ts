import { AppError } from '../app-client.ts';
import type { AdminClient } from './admin-client.ts';
import { carryOut, privilegeNames } from './carry-out.ts';
import { isComplete, type Plan, planOf, refuseWithoutRights, strangersOf } from './plan.ts';
import { type Environment, readEnvironment } from './read-environment.ts';
import { nameHolders } from './read-roles.ts';
import { type Line, noteLines, planLines } from './report-lines.ts';
import { roleName, type Wanted } from './wanted.ts';

/** What there is to do, in data and in words. */
export interface Difference {
  readonly environment: Environment;
  readonly plan: Plan;
  readonly isComplete: boolean;
  /** The whole list: what is so, and what is to do. */
  readonly lines: readonly Line[];
  readonly notes: readonly Line[];
}

/**
 * Holds the environment against what is wanted; writes nothing.
 * @throws AppError where granting would widen what others hold, or cannot be done as asked
 */
export async function compareAccess(client: AdminClient, wanted: Wanted): Promise<Difference> {
  const environment = await readEnvironment(client, wanted);
  await refuseStrangers(client, wanted, environment);
  const plan = planOf(wanted, environment);
  const surplusNames = await privilegeNames(
    client,
    plan.roles.flatMap(({ surplus }) => surplus),
  );
  const others = [...plan.otherRoles.values()].flat();
  const roles = await client.listWhere('roles?$select=roleid,name', 'roleid', others, 'read security roles');
  const roleNames = new Map(roles.map(({ roleid, name }) => [String(roleid).toLowerCase(), String(name)]));
  return {
    environment,
    plan,
    isComplete: isComplete(plan),
    lines: planLines(plan, surplusNames, wanted.installation),
    notes: noteLines(plan, roleNames),
  };
}

/**
 * Brings the environment to where the applications can link the tables: a security role for each duty with the least
 * privileges and no other, one application user each, who has the roles of its duty.
 * @param tell is told of each thing as soon as it is done
 * @throws AppError before anything is done where whoever grants lacks a right, and at the first thing that fails
 */
export async function grantAccess(
  client: AdminClient,
  { installation }: Wanted,
  { plan, environment }: Difference,
  tell: (line: Line) => void,
): Promise<void> {
  refuseWithoutRights(plan, environment);
  await carryOut(client, plan, { installation, tell });
}

/** A role gives to everybody who holds it: who was not named gets nothing by the way. */
async function refuseStrangers(client: AdminClient, wanted: Wanted, environment: Environment): Promise<void> {
  const strangers = strangersOf(wanted, environment);
  if (strangers.length === 0) return;
  const names = await nameHolders(client, strangers);
  const name = roleName('linking', wanted.installation);
  throw new AppError(
    [
      `The security roles of this installation ("${name}" and its like) are held by others than the identities named, who would get what is granted to them:`,
      ...names.map((one) => `  ${one}`),
      'Take the role from them; or name identities of this installation that are missing, with --client-id or --writer-id; or give another installation roles of its own, with --installation <name>; or let them have it, with --other-holder <id>. Nothing was changed.',
    ].join('\n'),
    0,
  );
}
