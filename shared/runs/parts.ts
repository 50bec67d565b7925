import type { UnificationSetup } from '../contracts/unification-setup.ts';
import type { Messenger } from '../messaging/messenger.ts';
import type { KeptEvents } from '../state/kept-events.ts';
import type { LinkStates } from '../state/link-states.ts';
import type { RowOutcomes } from '../state/row-outcomes.ts';
import type { Runs } from '../state/runs.ts';
import type { UnlistedTables } from '../state/unlisted-tables.ts';
import type { WatchNotebook } from '../state/watch-notes.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Works } from './work.ts';

/** What the settings say of runs; times in milliseconds. */
export interface RunOptions {
  readonly dataverseUrl: string;
  readonly setup: UnificationSetup;
  readonly settlingIntervalMs: number;
  readonly retentionMs: number;
}

/** What runs and their tasks are kept and moved on with. */
export interface RunParts {
  readonly messenger: Messenger;
  readonly runs: Runs;
  readonly linkStates: LinkStates;
  readonly rowOutcomes: RowOutcomes;
  readonly keptEvents: KeptEvents;
  readonly watchNotebook: WatchNotebook;
  readonly unlistedTables: UnlistedTables;
  readonly telemetry: Telemetry;
  readonly works: Works;
  readonly options: RunOptions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Does something every so many milliseconds, until the function it returns is called. */
  readonly repeat: (ms: number, action: () => void) => () => void;
}

export const timeOf = (now: number): string => new Date(now).toISOString();
