import type { PrivilegeCheck } from '../inspect/missing-privileges.ts';
import type { PassOptions, WorkParts } from '../passes/work-parts.ts';
import type { FoundChanges } from '../state/found-changes.ts';
import type { MapIndex } from '../state/map-index.ts';

/** What the settings say of linking; times in milliseconds. */
export interface LinkingOptions extends PassOptions {
  readonly reconcileIntervalMs: number;
  /** Shares of a table's linked rows, in percent, beyond which clears, moves, and moves to one profile are held. */
  readonly orphanLimitPercent: number;
  readonly moveLimitPercent: number;
  readonly profileLimitPercent: number;
}

/** What linking works with. */
export interface LinkingParts extends WorkParts {
  readonly foundChanges: FoundChanges;
  readonly mapIndex: MapIndex;
  /** Ids of the users in whose names the app writes; none where they may not be read. */
  /** Id of the organisation; undefined where Dataverse does not tell it. */
  readonly organisationId: (signal: AbortSignal) => Promise<string | undefined>;
  readonly ownUsers: (signal: AbortSignal) => Promise<readonly string[]>;
  /** What the app's identities lack to link a table. */
  readonly checkPrivileges: PrivilegeCheck;
  readonly options: LinkingOptions;
}
