import type { UnmetRequirement } from '../linking/requirements.ts';

/** What the app's identities lack to link a table. */
export interface PrivilegeFindings {
  /** Every privilege for want of which the table cannot be linked, with the remedy. */
  readonly findings: UnmetRequirement[];
  /** What could not be checked, and why; what one identity lacks and another has. */
  readonly notes: string[];
}

/** Asks Dataverse what the app's identities may do, before anything is done in their name. */
export type CheckPrivileges = (
  table: {
    readonly table: string;
    /** Whether the table has its lookup column: making it takes privileges of its own. */
    readonly hasColumn: boolean;
  },
  signal: AbortSignal,
) => Promise<PrivilegeFindings>;
