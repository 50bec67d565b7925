import { DataverseError } from '../errors.ts';
import type { Table } from '../metadata/table.ts';
import type { Organisation } from '../organisation.ts';
import { Caller } from './caller.ts';
import { Depth, depthOf, type Grant, parseDepth } from './grants.ts';
import { rootOf } from './inherited-roles.ts';

/** A user as the control plane sets him up. */
export interface UserSetup {
  /** Names such as `prvReadContact`, each as good as organisation-wide unless it ends in `/Basic`, `/Local` or `/Deep`. */
  readonly privileges: 'all' | readonly string[];
  readonly disabled?: boolean | undefined;
  readonly businessUnit?: string | undefined;
  /** Secured columns the user may use, as `table.column`. */
  readonly securedColumns?: readonly string[] | undefined;
  readonly name?: string | undefined;
  /** Object id in the directory, by which `CallerObjectId` names the user. */
  readonly objectId?: string | undefined;
}

const notAMember = () => new DataverseError(403, '0x80072560', 'The user is not a member of the organization.');

const widestOf =
  (grants: readonly Grant[]) =>
  (privilege: string): Depth | undefined => {
    const depths = grants.map((grant) => depthOf(grant, privilege)).filter((depth) => depth !== undefined);
    return depths.length === 0 ? undefined : (Math.max(...depths) as Depth);
  };

/**
 * The organisation's users: application users known by their client id, and people they act for. What they may do comes from
 * their set-up, from their roles and from their teams' roles.
 */
export class Users {
  readonly #organisation: Organisation;
  readonly #setups = new Map<string, UserSetup>();
  readonly #roles = new Map<string, Map<string, Depth>>();

  constructor(organisation: Organisation) {
    this.#organisation = organisation;
  }

  /** Makes or changes a user; `key` is what identifies him. */
  put(key: { readonly clientId: string } | { readonly userId: string }, setup: UserSetup): string {
    const users = this.#organisation.builtIn('systemuser');
    const known = 'clientId' in key ? this.#slotBy('applicationid', key.clientId) : users.rows.find(key.userId);
    const userId =
      'userId' in key ? key.userId : known === undefined ? this.#organisation.newId() : users.rows.ids[known];
    const id = userId as string;
    const slot = known ?? users.rows.insert(id, this.#organisation.now());
    const set = (column: string, value: string | boolean) => users.columns.get(column)?.cells.set(slot, value);
    if ('clientId' in key) set('applicationid', key.clientId);
    if (setup.objectId) set('azureactivedirectoryobjectid', setup.objectId);
    set('fullname', setup.name ?? ('clientId' in key ? `# ${key.clientId}` : `User ${id}`));
    set('isdisabled', setup.disabled ?? false);
    set('businessunitid', setup.businessUnit ?? this.#organisation.rootBusinessUnitId);
    users.rows.touch(slot, this.#organisation.nextVersion(), this.#organisation.now());
    this.#setups.set(id, setup);
    return id;
  }

  /** Gives a role privileges, as AddPrivilegesRole does. */
  addToRole(roleId: string, privileges: Iterable<readonly [name: string, depth: Depth]>): void {
    const role = this.#roles.get(roleId) ?? new Map<string, Depth>();
    for (const [name, depth] of privileges) role.set(name.toLowerCase(), depth);
    this.#roles.set(roleId, role);
  }

  /** Takes a privilege from a role; one that it does not have is no fault. */
  removeFromRole(roleId: string, privilege: string): void {
    this.#roles.get(roleId)?.delete(privilege.toLowerCase());
  }

  /** What a role gives: depth by privilege name, lower case. */
  privilegesOfRole(roleId: string): ReadonlyMap<string, Depth> {
    return this.#roles.get(rootOf(this.#organisation.builtIn('role'), roleId)) ?? new Map();
  }

  /** Who holds a role that is deleted has nothing of it any more. */
  dropRole(roleId: string): void {
    this.#roles.delete(roleId);
  }

  /** Whether the application has a user already: there can be one only. */
  knowsApplication(clientId: string): boolean {
    return this.#slotBy('applicationid', clientId) !== undefined;
  }

  /** The application user of a client id; unknown or disabled ones are refused with 403. */
  application(clientId: string): Caller {
    const slot = this.#slotBy('applicationid', clientId);
    if (slot === undefined) throw notAMember();
    return this.#caller(slot, clientId, undefined);
  }

  /** The user that an application acts for, named by systemuserid or by directory object id. */
  impersonated(delegate: Caller, by: 'systemuserid' | 'azureactivedirectoryobjectid', id: string): Caller {
    delegate.demandPrivilege('prvActOnBehalfOfAnotherUser');
    const users = this.#organisation.builtIn('systemuser');
    const slot = by === 'systemuserid' ? users.rows.find(id) : this.#slotBy(by, id);
    if (slot === undefined) throw notAMember();
    return this.#caller(slot, delegate.clientId, delegate);
  }

  /** The user with this systemuserid, who is certainly there. */
  byId(userId: string): Caller {
    return this.#caller(this.#organisation.builtIn('systemuser').rows.find(userId) ?? 0, '', undefined);
  }

  /** Whether a user or team could read rows of a table, which an owner must. */
  mayRead(ownerId: string, table: Table): boolean {
    const users = this.#organisation.builtIn('systemuser');
    const slot = users.rows.find(ownerId);
    const privilege = table.privilege('Read');
    const grants =
      slot === undefined
        ? this.#roleGrants('teamroles_association', ownerId, this.#organisation.rootBusinessUnitId)
        : this.#caller(slot, '', undefined).grants;
    return grants.some((grant) => depthOf(grant, privilege) !== undefined);
  }

  /** How far each privilege of a team's roles reaches; `undefined` for those it does not have. */
  depthsOfTeam(teamId: string): (privilege: string) => Depth | undefined {
    const unitId = this.#unitOfTeam(teamId) ?? this.#organisation.rootBusinessUnitId;
    return widestOf(this.#roleGrants('teamroles_association', teamId, unitId));
  }

  /** How far Dataverse says that a user's privileges reach: Basic of whatever comes through a team. */
  depthsTold(userId: string): (privilege: string) => Depth | undefined {
    const user = this.byId(userId);
    const own = widestOf([
      ...this.#setupGrants(userId, user.businessUnitId),
      ...this.#roleGrants('systemuserroles_association', userId, user.businessUnitId),
    ]);
    return (privilege) => own(privilege) ?? (user.has(privilege) ? Depth.basic : undefined);
  }

  #slotBy(column: string, value: string): number | undefined {
    const users = this.#organisation.builtIn('systemuser');
    const found = users.columns.get(column)?.cells.find?.([value], Number.POSITIVE_INFINITY) ?? [];
    return [...found].find((slot) => users.rows.isAlive(slot));
  }

  #caller(slot: number, clientId: string, delegate: Caller | undefined): Caller {
    const users = this.#organisation.builtIn('systemuser');
    const userId = users.rows.ids[slot] as string;
    if (users.cell(slot, 'isdisabled') === true) {
      throw new DataverseError(
        403,
        '0x80040225',
        `The specified user(Id = ${userId}) is disabled. Consider enabling this user.`,
      );
    }
    const businessUnitId =
      (users.cell(slot, 'businessunitid') as string | null) ?? this.#organisation.rootBusinessUnitId;
    const teamIds = this.#linked('teammembership_association', userId, 'right');
    const grants = [
      ...this.#setupGrants(userId, businessUnitId),
      ...this.#roleGrants('systemuserroles_association', userId, businessUnitId),
      ...teamIds.flatMap((team) =>
        this.#roleGrants('teamroles_association', team, this.#unitOfTeam(team) ?? businessUnitId),
      ),
    ];
    return new Caller({ userId, businessUnitId, clientId, teamIds, grants, delegate });
  }

  #setupGrants(userId: string, businessUnitId: string): Grant[] {
    const setup = this.#setups.get(userId);
    if (!setup) return [];
    const securedColumns = new Set(setup.securedColumns);
    if (setup.privileges === 'all') return [{ privileges: 'all', businessUnitId, securedColumns }];
    const privileges = new Map<string, Depth>();
    for (const text of setup.privileges) {
      const [name, depth] = text.split('/');
      privileges.set(
        (name as string).toLowerCase(),
        depth === undefined ? Depth.global : (parseDepth(depth) ?? Depth.basic),
      );
    }
    return [{ privileges, businessUnitId, securedColumns }];
  }

  #roleGrants(association: string, id: string, businessUnitId: string): Grant[] {
    const roles = this.#organisation.builtIn('role');
    return this.#linked(association, id, 'left').flatMap((role) => {
      const privileges = this.#roles.get(rootOf(roles, role));
      return privileges ? [{ privileges, businessUnitId, securedColumns: new Set<string>() }] : [];
    });
  }

  #linked(association: string, id: string, side: 'left' | 'right'): string[] {
    const pairs = this.#organisation.manyToMany.find(({ schemaName }) => schemaName === association)?.pairs ?? [];
    const [own, other] = side === 'left' ? [0, 1] : [1, 0];
    return [...pairs]
      .map((pair) => pair.split('/'))
      .flatMap((pair) => (pair[own] === id ? [pair[other] as string] : []));
  }

  #unitOfTeam(teamId: string): string | undefined {
    const teams = this.#organisation.builtIn('team');
    const slot = teams.rows.find(teamId);
    return slot === undefined ? undefined : ((teams.cell(slot, 'businessunitid') as string | null) ?? undefined);
  }
}
