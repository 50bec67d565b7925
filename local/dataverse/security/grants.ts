/** How far a privilege reaches: own rows, own business unit, units below, all rows. */
export const Depth = { basic: 0, local: 1, deep: 2, global: 3 } as const;
export type Depth = (typeof Depth)[keyof typeof Depth];

/** Privileges that come from one place: a user, one of his roles, or one of his teams. */
export interface Grant {
  /** `all` for a system administrator; else depth by privilege name in lower case. */
  readonly privileges: 'all' | ReadonlyMap<string, Depth>;
  /** Business unit that the depths Local and Deep are counted from. */
  readonly businessUnitId: string;
  /** Secured columns that may be read and written, as `table.column`; all of them for `all`. */
  readonly securedColumns: ReadonlySet<string>;
}

/** How far a grant gives a privilege; `undefined` if it does not. */
export const depthOf = (grant: Grant, privilege: string): Depth | undefined =>
  grant.privileges === 'all' ? Depth.global : grant.privileges.get(privilege.toLowerCase());

const NAMES: Readonly<Record<string, Depth>> = {
  basic: Depth.basic,
  '0': Depth.basic,
  local: Depth.local,
  '1': Depth.local,
  deep: Depth.deep,
  '2': Depth.deep,
  global: Depth.global,
  '3': Depth.global,
};

/** A depth as the API writes it (`Global` or `3`), or `undefined`. */
export const parseDepth = (text: string): Depth | undefined => NAMES[text.toLowerCase()];

/** The depth's name as the API returns it. */
export const depthName = (depth: Depth): string => ['Basic', 'Local', 'Deep', 'Global'][depth] as string;
