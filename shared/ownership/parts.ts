import type { PrivilegesFound } from '../inspect/known-privileges.ts';
import type { WorkParts } from '../passes/work-parts.ts';
import type { OwnershipConsents } from '../state/ownership-consents.ts';
import type { Runs } from '../state/runs.ts';

/** What seeing to owners works with. */
export interface OwnershipParts extends WorkParts {
  readonly runs: Runs;
  readonly ownershipConsents: OwnershipConsents;
  /** What the app's identities may do to some tables. */
  readonly readPrivileges: (tables: readonly string[], signal: AbortSignal) => Promise<PrivilegesFound>;
}
