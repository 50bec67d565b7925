import type { Dataverse, DefinitionReader } from '../dataverse/dataverse.ts';
import type { RunOptions, RunParts } from '../runs/parts.ts';
import type { PendingRows } from '../state/pending-rows.ts';

/** What the settings say of passes; times in milliseconds. */
export interface PassOptions extends RunOptions {
  readonly sliceMs: number;
  readonly pageSize: number;
  readonly settlingLimitMs: number;
}

/** What work on a table is done with, whatever its kind. */
export interface WorkParts extends Pick<RunParts, 'linkStates' | 'rowOutcomes' | 'telemetry' | 'now'> {
  readonly dataverse: Dataverse & DefinitionReader;
  readonly pendingRows: PendingRows;
  readonly options: PassOptions;
  /** A signal that is aborted when so many milliseconds are over. */
  readonly startTimer: (ms: number) => AbortSignal;
}
