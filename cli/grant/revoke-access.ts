import type { AdminClient } from './admin-client.ts';
import { takeRole } from './carry-out.ts';
import { readRootUnit } from './read-environment.ts';
import { nameHolders, readRoles } from './read-roles.ts';
import { readUsers } from './read-users.ts';
import { type Line, texts } from './report-lines.ts';
import { duties, roleName, type Wanted } from './wanted.ts';

/** What is taken back, and from whom. */
export type Revoked = Pick<Wanted, 'clientIds' | 'installation'> & {
  /** Only says what it would do. */
  readonly isDryRun: boolean;
};

/**
 * Takes back what was granted: the roles from the identities that are named, and the roles themselves where nobody else
 * holds them. Application users stay: without a role they may do nothing, and others may use them.
 */
export async function revokeAccess(
  client: AdminClient,
  { clientIds, installation, isDryRun }: Revoked,
  tell: (line: Line) => void,
): Promise<void> {
  const unitId = await readRootUnit(client);
  const roles = await readRoles(client, unitId, installation);
  const users = await readUsers(client, clientIds, unitId, 'whatever their state');
  const did = isDryRun ? 'todo' : 'done';
  const clientOf = new Map([...users].flatMap(([clientId, { all }]) => all.map((id) => [id, clientId] as const)));
  for (const duty of duties) {
    const role = roles.get(duty);
    const name = roleName(duty, installation);
    if (role === undefined) {
      tell({ kind: 'there', text: `no security role "${name}"` });
      continue;
    }
    const ours = role.holders.filter(({ id }) => clientOf.has(id));
    const others = role.holders.filter(({ id }) => !clientOf.has(id));
    for (const { id, roleId } of ours) {
      if (!isDryRun) await takeRole(client, id, roleId);
      tell({ kind: did, text: texts.takesBack(clientOf.get(id) ?? id, name) });
    }
    if (others.length > 0) {
      const names = (await nameHolders(client, others)).join(', ');
      tell({ kind: 'note', text: `the role "${name}" stays: it is held by ${names}` });
      continue;
    }
    if (!isDryRun) await deleteRole(client, role.id);
    tell({ kind: did, text: `${texts.role({ name })} is no more` });
  }
  for (const clientId of users.keys()) {
    const text = `${texts.user(clientId)} stays; where nothing else uses it, delete it in the Power Platform admin center`;
    tell({ kind: 'note', text });
  }
}

const deleteRole = (client: AdminClient, roleId: string): Promise<void> =>
  client.change({
    method: 'DELETE',
    path: `roles(${roleId})`,
    what: 'delete a security role',
    isDone: async () =>
      (await client.list(`roles?$select=roleid&$filter=roleid eq ${roleId}`, 'read security roles')).length === 0,
  });
