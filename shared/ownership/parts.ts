import type { WorkParts } from '../passes/work-parts.ts';
import type { OwnershipConsents } from '../state/ownership-consents.ts';
import type { Runs } from '../state/runs.ts';

/** What seeing to owners works with. */
export interface OwnershipParts extends WorkParts {
  readonly runs: Runs;
  readonly ownershipConsents: OwnershipConsents;
}
