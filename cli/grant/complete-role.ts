import { AppError } from '../app-client.ts';
import type { AdminClient } from './admin-client.ts';
import type { Step } from './grant-access.ts';

/** The security role that the applications are given. */
export const roleName = 'Backstamp linking';

interface Held {
  readonly id: string;
  readonly name: string;
  readonly depth: string;
}

/**
 * Makes the role in the root business unit, or adds what it lacks, each privilege for the whole organisation. What
 * somebody has added to a role is left and named; what Dataverse adds unasked while this adds is taken out again.
 */
export async function completeRole(
  client: AdminClient,
  unitId: string,
  names: readonly string[],
): Promise<{ readonly roleId: string; readonly steps: Step[] }> {
  const steps: Step[] = [];
  const known = await findRole(client, unitId);
  const before = known === undefined ? [] : await privilegesOf(client, known);
  const roleId = known ?? (await makeRole(client, unitId));
  const title = `security role "${roleName}" in the root business unit`;
  steps.push(known === undefined ? { kind: 'done', text: `made the ${title}` } : { kind: 'there', text: title });

  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const isEnough = (held: Held): boolean => held.depth === 'Global';
  const enough = new Set(before.filter(isEnough).map(({ name }) => name.toLowerCase()));
  const missing = names.filter((name) => !enough.has(name.toLowerCase()));
  if (enough.size > 0 && missing.length < names.length) {
    const count = names.length - missing.length;
    steps.push({ kind: 'there', text: `${count} of the ${names.length} privileges that the role needs` });
  }
  if (missing.length > 0) {
    await addPrivileges(client, roleId, missing);
    steps.push({ kind: 'done', text: `gave the role, for the whole organisation: ${missing.join(', ')}` });
    steps.push(...(await takeOutUnasked(client, roleId, wanted, before)));
  }
  const besides = before.filter(({ name }) => !wanted.has(name.toLowerCase())).map(({ name }) => name);
  if (besides.length > 0) {
    const text = `the role has what linking does not need (any more), and keeps it: ${besides.join(', ')}`;
    steps.push({ kind: 'note', text });
  }
  return { roleId, steps };
}

async function findRole(client: AdminClient, unitId: string): Promise<string | undefined> {
  const filter = encodeURIComponent(`name eq '${roleName}' and _businessunitid_value eq ${unitId}`);
  const [role] = await client.list(`roles?$select=roleid&$filter=${filter}`, 'read security roles');
  return role === undefined ? undefined : String(role.roleid);
}

async function makeRole(client: AdminClient, unitId: string): Promise<string> {
  const role = { name: roleName, 'businessunitid@odata.bind': `/businessunits(${unitId})` };
  const id = await client.post('roles', role, 'make a security role');
  if (id === undefined) throw new AppError('Dataverse made the security role and did not name it. Run this again.', 0);
  return id;
}

async function privilegesOf(client: AdminClient, roleId: string): Promise<Held[]> {
  const path = `RetrieveRolePrivilegesRole(RoleId=${roleId})`;
  const { RolePrivileges } = await client.readObject(path, 'read the privileges of a security role');
  if (!Array.isArray(RolePrivileges)) return [];
  return (RolePrivileges as Readonly<Record<string, unknown>>[]).map((one) => ({
    id: String(one.PrivilegeId),
    name: String(one.PrivilegeName),
    depth: String(one.Depth),
  }));
}

async function addPrivileges(client: AdminClient, roleId: string, names: readonly string[]): Promise<void> {
  const filter = encodeURIComponent(names.map((name) => `name eq '${name}'`).join(' or '));
  const found = await client.list(`privileges?$select=privilegeid,name&$filter=${filter}`, 'look privileges up');
  const ids = new Map(found.map(({ name, privilegeid }) => [String(name).toLowerCase(), privilegeid]));
  const unknown = names.filter((name) => !ids.has(name.toLowerCase()));
  if (unknown.length > 0) throw new AppError(`The environment has no privilege ${unknown.join(', ')}.`, 404);
  const Privileges = names.map((name) => ({ PrivilegeId: ids.get(name.toLowerCase()), Depth: 'Global' }));
  const path = `roles(${roleId})/Microsoft.Dynamics.CRM.AddPrivilegesRole`;
  await client.post(path, { Privileges }, 'add privileges to a security role');
}

/** Dataverse gives each new role, and each that is added to, a handful of privileges of its own accord. */
async function takeOutUnasked(
  client: AdminClient,
  roleId: string,
  wanted: ReadonlySet<string>,
  before: readonly Held[],
): Promise<Step[]> {
  const had = new Set(before.map(({ id }) => id));
  const unasked = (await privilegesOf(client, roleId)).filter(
    ({ id, name }) => !wanted.has(name.toLowerCase()) && !had.has(id),
  );
  const path = `roles(${roleId})/Microsoft.Dynamics.CRM.RemovePrivilegeRole`;
  const kept: string[] = [];
  for (const { id, name } of unasked) {
    const Privilege = { '@odata.type': 'Microsoft.Dynamics.CRM.privilege', privilegeid: id };
    try {
      await client.post(path, { Privilege }, 'take a privilege out of a security role');
    } catch (error) {
      // They reach no linked row: a platform that insists on them is no reason to stop.
      if (!(error instanceof AppError)) throw error;
      kept.push(name);
    }
  }
  const taken = unasked.map(({ name }) => name).filter((name) => !kept.includes(name));
  return [
    ...(taken.length > 0
      ? [{ kind: 'done', text: `took out again what Dataverse adds unasked: ${taken.join(', ')}` } as const]
      : []),
    ...(kept.length > 0
      ? [{ kind: 'note', text: `Dataverse does not let these be taken out: ${kept.join(', ')}` } as const]
      : []),
  ];
}
