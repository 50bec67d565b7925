import { randomUUID } from 'node:crypto';
import { AppError } from '../app-client.ts';
import type { AdminClient } from './admin-client.ts';
import type { Plan, RolePlan, UserPlan } from './plan.ts';
import { readHeld } from './read-roles.ts';
import { type Line, named, privilegeLines, texts } from './report-lines.ts';
import { type Duty, roleName } from './wanted.ts';

/** Statuses by which Dataverse refuses a thing itself, and neither the token nor the moment. */
const refusedForGood: readonly number[] = [400, 403, 404, 405];

/** Privileges that are added in one request. */
const privilegesPerRequest = 100;

/**
 * Does what is planned, role by role: a role has exactly what was asked for before anybody is given it. The app's own
 * comes first, so that it lacks nothing while the other is narrowed.
 * @param tell is told of each thing as soon as it is done, for whoever is interrupted
 * @throws AppError at the first thing that fails
 */
export async function carryOut(
  client: AdminClient,
  plan: Plan,
  { installation, tell }: { readonly installation: string | undefined; readonly tell: (line: Line) => void },
): Promise<void> {
  const userIds = new Map<string, string>();
  for (const role of plan.roles) {
    const roleId = await completeRole(client, plan.unitId, role, tell);
    for (const user of plan.users) {
      if (!user.give.includes(role.duty)) continue;
      const { clientId } = user;
      const userId = userIds.get(clientId) ?? user.userId ?? (await makeUser(client, plan.unitId, clientId, tell));
      userIds.set(clientId, userId);
      await giveRole(client, userId, roleId, clientId);
      tell({ kind: 'done', text: texts.gives(clientId, role.name) });
    }
  }
  for (const user of plan.users) await takeBack(client, user, installation, tell);
}

async function completeRole(
  client: AdminClient,
  unitId: string,
  role: RolePlan,
  tell: (line: Line) => void,
): Promise<string> {
  const roleId = role.roleId ?? (await makeRole(client, unitId, role, tell));
  const missing = role.asked.filter(({ found }) => role.missing.has(found.id)).map(({ found }) => found.id);
  for (let at = 0; at < missing.length; at += privilegesPerRequest) {
    await addPrivileges(client, roleId, missing.slice(at, at + privilegesPerRequest));
  }
  for (const line of privilegeLines(role, 'done')) if (line.kind === 'done') tell(line);
  if (missing.length > 0 || role.surplus.length > 0) await takeOutUnasked(client, roleId, role, tell);
  return roleId;
}

async function makeRole(
  client: AdminClient,
  unitId: string,
  role: RolePlan,
  tell: (line: Line) => void,
): Promise<string> {
  // An id of our own: whether a request that was not answered made the role can be told by it.
  const roleid = randomUUID();
  await client.change({
    method: 'POST',
    path: 'roles',
    body: { roleid, name: role.name, 'businessunitid@odata.bind': `/businessunits(${unitId})` },
    what: 'make a security role',
    isDone: async () =>
      (await client.list(`roles?$select=roleid&$filter=roleid eq ${roleid}`, 'read security roles')).length > 0,
  });
  tell({ kind: 'done', text: texts.role(role) });
  return roleid;
}

async function addPrivileges(client: AdminClient, roleId: string, ids: readonly string[]): Promise<void> {
  await client.change({
    method: 'POST',
    path: `roles(${roleId})/Microsoft.Dynamics.CRM.AddPrivilegesRole`,
    body: { Privileges: ids.map((PrivilegeId) => ({ PrivilegeId, Depth: 'Global' })) },
    what: 'add privileges to a security role',
    isDone: async () => {
      const held = await readHeld(client, roleId);
      return ids.every((id) => held.get(id) === 'Global');
    },
  });
}

/**
 * Takes out what nobody asked for: what somebody added, what was asked for once, and the handful of privileges that
 * Dataverse gives each new role, and each that is added to, of its own accord.
 */
async function takeOutUnasked(
  client: AdminClient,
  roleId: string,
  role: RolePlan,
  tell: (line: Line) => void,
): Promise<void> {
  const wanted = new Set(role.asked.map(({ found }) => found.id));
  const held = await readHeld(client, roleId);
  const unasked = [...held.keys()].filter((id) => !wanted.has(id));
  const lacking = role.asked.filter(({ found }) => held.get(found.id) !== 'Global').map(({ found }) => found.name);
  if (lacking.length > 0) {
    throw new AppError(`Dataverse did not give the role "${role.name}": ${lacking.join(', ')}. Run this again.`, 0);
  }
  const names = await privilegeNames(client, unasked);
  const kept: string[] = [];
  for (const id of unasked) {
    const body = { Privilege: { '@odata.type': 'Microsoft.Dynamics.CRM.privilege', privilegeid: id } };
    try {
      await client.change({
        method: 'POST',
        path: `roles(${roleId})/Microsoft.Dynamics.CRM.RemovePrivilegeRole`,
        body,
        what: 'take a privilege out of a security role',
        isDone: async () => !(await readHeld(client, roleId)).has(id),
      });
    } catch (error) {
      // A platform that insists on a privilege of its own is no reason to stop; one that is away is.
      if (!(error instanceof AppError) || !refusedForGood.includes(error.status)) throw error;
      kept.push(id);
    }
  }
  const taken = named(
    unasked.filter((id) => !kept.includes(id)),
    names,
  );
  if (taken.length > 0) tell({ kind: 'done', text: texts.surplus(role.name, taken) });
  if (kept.length > 0) {
    tell({ kind: 'note', text: `Dataverse does not let these be taken out: ${named(kept, names).join(', ')}` });
  }
}

/** Names of privileges by id, as far as there are any. */
export async function privilegeNames(
  client: AdminClient,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const path = 'privileges?$select=privilegeid,name';
  const found = await client.listWhere(path, 'privilegeid', ids, 'look privileges up');
  return new Map(found.map(({ privilegeid, name }) => [String(privilegeid).toLowerCase(), String(name)]));
}

async function makeUser(
  client: AdminClient,
  unitId: string,
  clientId: string,
  tell: (line: Line) => void,
): Promise<string> {
  const find = async (): Promise<string | undefined> => {
    const path = `systemusers?$select=systemuserid&$filter=applicationid eq ${clientId} and isdisabled eq false`;
    const [user] = await client.list(path, 'read users');
    return user === undefined ? undefined : String(user.systemuserid).toLowerCase();
  };
  await client.change({
    method: 'POST',
    path: 'systemusers',
    body: { applicationid: clientId, 'businessunitid@odata.bind': `/businessunits(${unitId})` },
    what: `make an application user for ${clientId}`,
    isDone: async () => (await find()) !== undefined,
  });
  const id = await find();
  if (id === undefined) throw new AppError(`Dataverse does not show the user of ${clientId} yet. Run this again.`, 0);
  tell({ kind: 'done', text: texts.user(clientId) });
  return id;
}

const hasRole = async (client: AdminClient, userId: string, roleId: string): Promise<boolean> => {
  const filter = `systemuserid eq ${userId} and roleid eq ${roleId}`;
  const path = `systemuserrolescollection?$select=roleid&$filter=${encodeURIComponent(filter)}`;
  return (await client.list(path, 'read the roles of users')).length > 0;
};

const giveRole = (client: AdminClient, userId: string, roleId: string, clientId: string): Promise<void> =>
  client.change({
    method: 'POST',
    path: `systemusers(${userId})/systemuserroles_association/$ref`,
    body: { '@odata.id': `${client.api}/roles(${roleId})` },
    what: `give a user a security role (${clientId})`,
    isDone: () => hasRole(client, userId, roleId),
  });

/** Takes a role from a user; one that he does not have is no fault. */
export const takeRole = (client: AdminClient, userId: string, roleId: string): Promise<void> =>
  client.change({
    method: 'DELETE',
    path: `systemusers(${userId})/systemuserroles_association/$ref?$id=${client.api}/roles(${roleId})`,
    what: 'take a security role from a user',
    isDone: async () => !(await hasRole(client, userId, roleId)),
  });

async function takeBack(
  client: AdminClient,
  { clientId, userId, takeBack: taken }: UserPlan,
  installation: string | undefined,
  tell: (line: Line) => void,
): Promise<void> {
  for (const { duty, roleId } of taken) {
    if (userId === undefined) continue;
    await takeRole(client, userId, roleId);
    tell({ kind: 'done', text: texts.takesBack(clientId, roleName(duty as Duty, installation)) });
  }
}
