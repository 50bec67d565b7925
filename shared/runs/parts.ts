import type { UnificationSetup } from '../contracts/unification-setup.ts';
import type { Dataverse, DefinitionReader } from '../dataverse/dataverse.ts';
import type { Messenger } from '../messaging/messenger.ts';
import type { FoundOrphans } from '../state/found-orphans.ts';
import type { KeptEvents } from '../state/kept-events.ts';
import type { LinkStates } from '../state/link-states.ts';
import type { OwnershipConsents } from '../state/ownership-consents.ts';
import type { PendingRows } from '../state/pending-rows.ts';
import type { RowOutcomes } from '../state/row-outcomes.ts';
import type { Runs } from '../state/runs.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { CheckPrivileges } from './privilege-check.ts';

/** Limits and habits of linking, from the settings; times in milliseconds. */
export interface LinkingOptions {
  readonly dataverseUrl: string;
  readonly setup: UnificationSetup;
  readonly sliceMs: number;
  readonly pageSize: number;
  readonly settlingIntervalMs: number;
  readonly settlingLimitMs: number;
  readonly orphanIntervalMs: number;
  readonly orphanLimitPercent: number;
  readonly retentionMs: number;
}

/** Everything linking works with; wired once per process. */
export interface Parts {
  readonly dataverse: Dataverse & DefinitionReader;
  readonly messenger: Messenger;
  readonly runs: Runs;
  readonly linkStates: LinkStates;
  readonly pendingRows: PendingRows;
  readonly rowOutcomes: RowOutcomes;
  readonly foundOrphans: FoundOrphans;
  readonly ownershipConsents: OwnershipConsents;
  readonly keptEvents: KeptEvents;
  readonly telemetry: Telemetry;
  /** What the app's identities lack to link a table. */
  readonly checkPrivileges: CheckPrivileges;
  readonly options: LinkingOptions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A signal that is aborted when a slice's time is up. */
  readonly startTimer: (ms: number) => AbortSignal;
  readonly sleep: (ms: number) => Promise<void>;
  /** Does something every so many milliseconds, until the function it returns is called. */
  readonly repeat: (ms: number, action: () => void) => () => void;
}

export const timeOf = (now: number): string => new Date(now).toISOString();
