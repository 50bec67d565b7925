import type { SegmentList } from '../shared/api/schemas.ts';
import type { DoctorReport } from '../shared/contracts/doctor-report.ts';
import type { RunWithTasks, StatusAnswer } from '../shared/contracts/run.ts';
import type { Mode } from '../shared/contracts/status.ts';
import type { Discovery } from '../shared/inspect/discover.ts';
import type { RowOutcome } from '../shared/state/row-outcomes.ts';

/** What the details pane shows: a run, or one of its tables. */
export interface Selection {
  readonly runId: string;
  readonly table: string | undefined;
}

/** The rows of the selected task, as far as they were asked for. */
export interface RowsState {
  readonly runId: string;
  readonly table: string;
  readonly outcome: RowOutcome['outcome'] | undefined;
  readonly search: string;
  readonly rows: readonly RowOutcome[];
  /** Continuations of the pages before this one; the first page has none. */
  readonly before: readonly (string | undefined)[];
  readonly here: string | undefined;
  readonly next: string | undefined;
  readonly examined: number;
  readonly isLoading: boolean;
  readonly problem: string | undefined;
  /** Rows written to the CSV so far, while one is being made. */
  readonly exported: number | undefined;
}

/** What was looked into last, as far as the app has answered. */
export interface InspectionState {
  readonly kind: 'doctor' | 'discover' | 'segments';
  readonly isLoading: boolean;
  readonly report: DoctorReport | undefined;
  readonly discovery: Discovery | undefined;
  readonly segments: SegmentList | undefined;
  readonly problem: string | undefined;
  /** The set-up was put on the clipboard. */
  readonly isCopied: boolean;
}

/** All that the page knows; views draw it and nothing else. */
export interface State {
  /** Whether a key was given that the app has not refused. */
  readonly hasKey: boolean;
  readonly keyProblem: string | undefined;
  readonly isChecking: boolean;
  readonly status: StatusAnswer | undefined;
  /** Newest first, as far as they were loaded. */
  readonly runs: readonly RunWithTasks[];
  readonly olderRuns: string | undefined;
  readonly isLoadingOlder: boolean;
  readonly selection: Selection | undefined;
  /** The selected run; undefined while it is being loaded, or is not recorded yet. */
  readonly selectedRun: RunWithTasks | undefined;
  readonly rows: RowsState | undefined;
  /** Shown in the place of a run's details, until it is closed or a run is selected. */
  readonly inspection: InspectionState | undefined;
  /** What went wrong last; shown until it is over. */
  readonly problem: string | undefined;
  /** When the app last answered, in milliseconds. */
  readonly heardAt: number | undefined;
}

export const emptyState: State = {
  hasKey: false,
  keyProblem: undefined,
  isChecking: false,
  status: undefined,
  runs: [],
  olderRuns: undefined,
  isLoadingOlder: false,
  selection: undefined,
  selectedRun: undefined,
  rows: undefined,
  inspection: undefined,
  problem: undefined,
  heardAt: undefined,
};

/** What an operator can do; each view gets these and calls them. */
export interface Actions {
  giveKey(key: string): void;
  forgetKey(): void;
  select(selection: Selection | undefined): void;
  loadOlderRuns(): void;
  askToStart(mode: Mode): void;
  askToCancel(runId: string): void;
  showRows(change: { outcome?: RowOutcome['outcome'] | undefined; search?: string }): void;
  turnPage(direction: 'next' | 'before'): void;
  exportRows(): void;
  inspect(kind: InspectionState['kind']): void;
  closeInspection(): void;
  copySetup(text: string): void;
}
