import { DataverseError, privilegeDenied } from '../errors.ts';
import type { Column } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import { Depth, depthOf, type Grant } from './grants.ts';

/** Who sends a request, and what he may do. */
export class Caller {
  readonly userId: string;
  readonly businessUnitId: string;
  /** Client id of the application that sent the request. */
  readonly clientId: string;
  /** Ids of the user's teams. */
  readonly teamIds: readonly string[];
  readonly grants: readonly Grant[];
  /** The application in whose name an impersonated user acts: both need the privilege. */
  readonly delegate: Caller | undefined;
  /** A caller lives as long as his request; bulk writes ask the same for every row. */
  readonly #depths = new Map<string, Depth | undefined>();

  constructor(caller: Pick<Caller, 'userId' | 'businessUnitId' | 'clientId' | 'teamIds' | 'grants' | 'delegate'>) {
    this.userId = caller.userId;
    this.businessUnitId = caller.businessUnitId;
    this.clientId = caller.clientId;
    this.teamIds = caller.teamIds;
    this.grants = caller.grants;
    this.delegate = caller.delegate;
  }

  /** How far the caller's privilege reaches; `undefined` if he does not have it. */
  depth(privilege: string): Depth | undefined {
    if (!this.#depths.has(privilege)) this.#depths.set(privilege, this.#widest(privilege));
    return this.#depths.get(privilege);
  }

  #widest(privilege: string): Depth | undefined {
    let widest: Depth | undefined;
    for (const grant of this.grants) {
      const depth = depthOf(grant, privilege);
      if (depth !== undefined && (widest === undefined || depth > widest)) widest = depth;
    }
    if (this.delegate && this.delegate.depth(privilege) === undefined) return undefined;
    return widest;
  }

  has(privilege: string): boolean {
    return this.depth(privilege) !== undefined;
  }

  /** Refuses with 403 unless the caller has the table's privilege. */
  demand(right: string, table: Table): void {
    const privilege = table.privilege(right);
    if (!this.has(privilege)) throw privilegeDenied(this.userId, privilege, table.name);
  }

  /** Refuses with 403 unless the caller has a privilege that belongs to no table. */
  demandPrivilege(privilege: string): void {
    if (!this.has(privilege)) {
      throw new DataverseError(
        403,
        '0x80040220',
        `Principal user (Id=${this.userId}, type=8) is missing ${privilege} privilege.`,
      );
    }
  }

  /** Refuses with 403 unless the caller may read every row of the table: change tracking demands it. */
  demandOrganisationRead(table: Table): void {
    const privilege = table.privilege('Read');
    if (this.depth(privilege) !== Depth.global) throw privilegeDenied(this.userId, privilege, table.name);
  }

  /** Whether the caller may see and write a secured column. */
  mayUse(table: Table, column: Column): boolean {
    if (!column.isSecured) return true;
    const name = `${table.name}.${column.logicalName}`;
    return this.grants.some((grant) => grant.privileges === 'all' || grant.securedColumns.has(name));
  }
}
