import type { Row } from '../dataverse/dataverse.ts';
import { depths, type HeldPrivilege, reachesEverywhere, type UnitTree } from './reach.ts';

/** What somebody may do, by the names of privileges in lower case. */
export type HeldPrivileges = ReadonlyMap<string, HeldPrivilege>;

/** An identity as the organisation knows it. */
export interface KnownIdentity {
  /** As `nameOf` gives it. */
  readonly name: string;
  readonly userId: string | undefined;
  /** Undefined where they may not be read. */
  readonly privileges: HeldPrivileges | undefined;
  /** Metadata ids of the secured columns that it may read and write; undefined where that was not asked, or may not be. */
  readonly securedColumns: ReadonlySet<string> | undefined;
}

/** What an identity is called: its client id, where it has one. */
export const nameOf = (clientId: string | undefined): string => clientId ?? "the app's identity";

/** Where Dataverse tells a user's privileges. */
export const userPrivilegesPath = (userId: string): string =>
  `systemusers(${userId})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`;

/** Where Dataverse tells which secured columns a user may use. */
export const securedColumnsPath = (userId: string): string =>
  `systemusers(${userId})/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()`;

/** The columns that stand in its answer as readable and writable, by metadata id. */
export function securedColumnsIn({ AttributePrivileges }: Row): ReadonlySet<string> | undefined {
  if (!Array.isArray(AttributePrivileges)) return undefined;
  const usable = (AttributePrivileges as Row[]).filter(
    ({ CanRead, CanUpdate }) => Number(CanRead) > 0 && Number(CanUpdate) > 0,
  );
  return new Set(usable.map(({ AttributeId }) => String(AttributeId).toLowerCase()));
}

const listed = ({ RolePrivileges }: Row): Row[] | undefined =>
  Array.isArray(RolePrivileges) ? RolePrivileges : undefined;

/** Whether how far something reaches depends on how the business units hang together. */
export const dependsOnUnits = (answer: Row): boolean =>
  (listed(answer) ?? []).some(({ Depth }) => Depth === 'Deep' || Depth === 'Local');

/** The privileges that a function answered. */
export function privilegesIn(answer: Row, tree: UnitTree | undefined): HeldPrivileges | undefined {
  const found = new Map<string, HeldPrivilege>();
  for (const { PrivilegeName, Depth, BusinessUnitId } of listed(answer) ?? []) {
    // Without names nothing can be held against what is needed.
    if (typeof PrivilegeName !== 'string') return undefined;
    const [depth, unitId] = [String(Depth), String(BusinessUnitId ?? '').toLowerCase()];
    const held = {
      depth,
      unitId,
      isEverywhere: reachesEverywhere(depth, unitId, tree),
      mayReachFurther: depth === 'Basic',
    };
    const name = PrivilegeName.toLowerCase();
    // Several roles may give the same one: the one that reaches furthest counts.
    if (rank(held) >= rank(found.get(name))) found.set(name, held);
  }
  return listed(answer) === undefined ? undefined : found;
}

const rank = (held: HeldPrivilege | undefined): number =>
  held === undefined ? -1 : (held.isEverywhere ? depths.length : 0) + depths.indexOf(held.depth);

/**
 * What a user holds once it is known what the user's teams give: how far that reaches is told of the team alone. What no
 * team gives is as little as Dataverse says.
 * @param teams what each team gives; undefined for one that may not be looked at
 */
export function withTeams(own: HeldPrivileges, teams: readonly (HeldPrivileges | undefined)[]): HeldPrivileges {
  const isWhole = !teams.includes(undefined);
  return new Map(
    [...own].map(([name, held]) => {
      const ofTeams = teams.flatMap((team) => team?.get(name) ?? []);
      const [furthest = held] = [held, ...ofTeams].sort((a, b) => rank(b) - rank(a));
      const isSure = isWhole && ofTeams.every(({ depth }) => depth !== 'Basic');
      return [name, { ...furthest, mayReachFurther: furthest.depth === 'Basic' && !isSure }];
    }),
  );
}
