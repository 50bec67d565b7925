import type { Row } from '../dataverse/dataverse.ts';

/** Parent by business unit, ids in lower case; the root has none. */
export type UnitTree = ReadonlyMap<string, string | undefined>;

/** Where Dataverse tells how business units hang together. */
export const unitsPath = 'businessunits?$select=businessunitid,_parentbusinessunitid_value';

/** The tree that stands in its answer; undefined where the answer is not whole. */
export function unitTreeIn({ value, '@odata.nextLink': more }: Row): UnitTree | undefined {
  if (!Array.isArray(value) || typeof more === 'string') return undefined;
  return new Map(
    (value as Row[]).map(({ businessunitid, _parentbusinessunitid_value: parent }) => [
      String(businessunitid).toLowerCase(),
      typeof parent === 'string' ? parent.toLowerCase() : undefined,
    ]),
  );
}

/** How far a privilege reaches, the least first. */
export const depths: readonly string[] = ['Basic', 'Local', 'Deep', 'Global'];

/** A privilege that somebody holds. */
export interface HeldPrivilege {
  /** As Dataverse names it, one of `depths`. */
  readonly depth: string;
  /** The business unit that its depth is counted from; empty where it was not told. */
  readonly unitId: string;
  /** Whether it reaches the rows of every business unit; undefined where the units may not be read. */
  readonly isEverywhere: boolean | undefined;
  /** Dataverse tells Basic of whatever a user has through a team, and how far the team's roles reach is not known. */
  readonly mayReachFurther: boolean;
}

/**
 * Whether a privilege reaches the rows of every business unit: what reaches all below the root does, and where there is
 * one unit alone, so does what reaches that. Undefined where that takes the tree, and there is none.
 */
export function reachesEverywhere(depth: string, unitId: string, tree: UnitTree | undefined): boolean | undefined {
  if (depth === 'Global') return true;
  if (depth !== 'Deep' && depth !== 'Local') return false;
  if (tree === undefined || !tree.has(unitId)) return undefined;
  if (depth === 'Local') return tree.size === 1;
  return [...tree.keys()].every((unit) => isAtOrBelow(unit, unitId, tree));
}

function isAtOrBelow(unit: string, top: string, tree: UnitTree): boolean {
  // No tree is deeper than it has units: what seems so goes round in a circle.
  let at: string | undefined = unit;
  for (let steps = 0; at !== undefined && steps <= tree.size; steps++) {
    if (at === top) return true;
    at = tree.get(at);
  }
  return false;
}
