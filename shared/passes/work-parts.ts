import type { Dataverse, InspectableDataverse } from '../dataverse/dataverse.ts';
import type { RunOptions, RunParts } from '../runs/parts.ts';
import type { PendingRows } from '../state/pending-rows.ts';

/** What work may ask of Dataverse. */
export type WorkDataverse = Dataverse & Pick<InspectableDataverse, 'readObject' | 'readObjects' | 'readTogether'>;

/** What the settings say of passes; times in milliseconds. */
export interface PassOptions extends RunOptions {
  readonly sliceMs: number;
  readonly pageSize: number;
  readonly settlingLimitMs: number;
}

/** What work on a table is done with, whatever its kind. */
export interface WorkParts extends Pick<RunParts, 'linkStates' | 'rowOutcomes' | 'telemetry' | 'now'> {
  readonly dataverse: WorkDataverse;
  readonly pendingRows: PendingRows;
  readonly options: PassOptions;
  /** A signal that is aborted when so many milliseconds are over. */
  readonly startTimer: (ms: number) => AbortSignal;
}
