import { odataText } from '../../shared/odata-text.ts';
import { AppError } from '../app-client.ts';
import type { AdminClient, Json } from './admin-client.ts';
import { type Duty, duties, roleName } from './wanted.ts';

/** A security role as it is. */
export interface RoleFound {
  readonly id: string;
  /** Depth by privilege id. */
  readonly held: ReadonlyMap<string, string>;
  /** Ids of the users and teams that hold it, or a copy of it in a unit below the root, and which copy. */
  readonly holders: readonly Holder[];
}

export interface Holder {
  readonly kind: 'user' | 'team';
  readonly id: string;
  readonly roleId: string;
}

const sets = {
  user: { entitySet: 'systemuserrolescollection', id: 'systemuserid', table: 'systemusers', name: 'fullname' },
  team: { entitySet: 'teamrolescollection', id: 'teamid', table: 'teams', name: 'name' },
} as const;

/** The roles of an installation in the root business unit, as far as there are any, with whoever holds them. */
export async function readRoles(
  client: AdminClient,
  unitId: string,
  installation: string | undefined,
): Promise<ReadonlyMap<Duty, RoleFound>> {
  const roles = new Map<Duty, RoleFound>();
  for (const duty of duties) {
    const id = await findRole(client, unitId, roleName(duty, installation));
    if (id === undefined) continue;
    roles.set(duty, { id, held: await readHeld(client, id), holders: await readHolders(client, id) });
  }
  return roles;
}

/** @throws AppError where there are several */
export async function findRole(client: AdminClient, unitId: string, name: string): Promise<string | undefined> {
  const filter = encodeURIComponent(`name eq ${odataText(name)} and _businessunitid_value eq ${unitId}`);
  const found = await client.list(`roles?$select=roleid&$filter=${filter}`, 'read security roles');
  const [role, other] = found.map(({ roleid }) => String(roleid).toLowerCase());
  if (other === undefined) return role;
  throw new AppError(
    `The root business unit has several security roles "${name}" (${role}, ${other}). Delete or rename all but one, then run this again.`,
    0,
  );
}

/** What a role gives, by the ids of privileges: an answer need not name them. */
export async function readHeld(client: AdminClient, roleId: string): Promise<ReadonlyMap<string, string>> {
  const path = `RetrieveRolePrivilegesRole(RoleId=${roleId})`;
  const { RolePrivileges } = await client.readObject(path, 'read the privileges of a security role');
  if (!Array.isArray(RolePrivileges)) throw new AppError(`Dataverse does not tell what role ${roleId} gives.`, 0);
  return new Map(
    (RolePrivileges as Json[]).map(({ PrivilegeId, Depth }) => [
      String(PrivilegeId).toLowerCase(),
      Depth === 3 || Depth === '3' ? 'Global' : String(Depth),
    ]),
  );
}

/**
 * A role stands in every unit below its own too, as a copy that gives what it gives: who holds a copy is a holder like
 * any other.
 */
async function readHolders(client: AdminClient, roleId: string): Promise<Holder[]> {
  const path = `roles?$select=roleid&$filter=${encodeURIComponent(`_parentrootroleid_value eq ${roleId}`)}`;
  const copies = await client.list(path, 'read security roles');
  const ids = [roleId, ...copies.map(({ roleid }) => String(roleid).toLowerCase())];
  const holders: Holder[] = [];
  for (const kind of ['user', 'team'] as const) {
    const { entitySet, id } = sets[kind];
    const what = `read which ${kind}s hold a security role`;
    const rows = await client.listWhere(`${entitySet}?$select=${id},roleid`, 'roleid', ids, what);
    holders.push(...rows.map((row) => ({ kind, id: lower(row[id]), roleId: lower(row.roleid) })));
  }
  return holders;
}

const lower = (value: unknown): string => String(value).toLowerCase();

/** Holders as people know them: their names, with their ids for --other-holder. */
export async function nameHolders(client: AdminClient, holders: readonly Holder[]): Promise<string[]> {
  const names: string[] = [];
  for (const kind of ['user', 'team'] as const) {
    const { id, table, name } = sets[kind];
    const ids = holders.filter((holder) => holder.kind === kind).map((holder) => holder.id);
    const rows = await client.listWhere(`${table}?$select=${id},${name}`, id, ids, `read ${kind}s`);
    const known = new Map(rows.map((row) => [lower(row[id]), String(row[name])]));
    names.push(...[...new Set(ids)].map((one) => `${kind} ${known.get(one) ?? '(without a name)'} (${one})`));
  }
  return names;
}
