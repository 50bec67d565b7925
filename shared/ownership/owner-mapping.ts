import { createHash } from 'node:crypto';
import { ownershipKey } from '../contracts/unification-setup.ts';

/** A team that owns rows, with its business unit. */
export interface OwnerTeam {
  readonly businessUnit: string;
  readonly unitId: string;
  readonly team: string;
  readonly teamId: string;
}

/** Which team owns the profiles of which value. */
export interface OwnerMapping {
  /** The profile's column that tells the unit. */
  readonly column: string;
  /** Owns what no other team does. */
  readonly root: OwnerTeam;
  readonly teams: readonly OwnerTeam[];
  /** Changes with anything that may give a row another owner. */
  readonly fingerprint: string;
  /** The team of a value; the root unit's where the value is empty, or belongs to no unit. */
  ownerOf(value: unknown): OwnerTeam;
  /** Whether a value says something that no team is there for. */
  isUnmatched(value: unknown): boolean;
}

const keyOf = (value: unknown): string => ownershipKey(value === null || value === undefined ? '' : String(value));

/** The mapping of a set-up whose teams were found in the environment. */
export function createMapping(
  column: string,
  teams: readonly (OwnerTeam & { readonly values: readonly string[] })[],
  root: OwnerTeam,
): OwnerMapping {
  const owners = new Map(teams.flatMap((team) => team.values.map((value) => [ownershipKey(value), team] as const)));
  const pairs = [...owners].map(([value, { teamId }]) => [value, teamId]).sort();
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([column, root.teamId, pairs]))
    .digest('hex')
    .slice(0, 16);
  return {
    column,
    root,
    teams,
    fingerprint,
    ownerOf: (value) => owners.get(keyOf(value)) ?? root,
    isUnmatched: (value) => keyOf(value) !== '' && !owners.has(keyOf(value)),
  };
}
