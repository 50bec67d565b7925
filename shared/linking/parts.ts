import type { PrivilegeCheck } from '../inspect/missing-privileges.ts';
import type { PassOptions, WorkParts } from '../passes/work-parts.ts';
import type { FoundOrphans } from '../state/found-orphans.ts';

/** What the settings say of linking; times in milliseconds. */
export interface LinkingOptions extends PassOptions {
  readonly orphanIntervalMs: number;
  readonly orphanLimitPercent: number;
}

/** What linking works with. */
export interface LinkingParts extends WorkParts {
  readonly foundOrphans: FoundOrphans;
  /** What the app's identities lack to link a table. */
  readonly checkPrivileges: PrivilegeCheck;
  readonly options: LinkingOptions;
}
