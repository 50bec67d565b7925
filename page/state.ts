import type { About, AuditList, RecordOutcomes, SegmentList } from '../shared/api/schemas.ts';
import type { Discovery } from '../shared/contracts/discovery.ts';
import type { DoctorReport } from '../shared/contracts/doctor-report.ts';
import type { Explanation } from '../shared/contracts/explanation.ts';
import type { TableHold } from '../shared/contracts/hold.ts';
import type { ProfileAnswer } from '../shared/contracts/profile.ts';
import type { StatusAnswer } from '../shared/contracts/run.ts';
import type { RunDetail, RunSummary } from '../shared/contracts/run-summary.ts';
import type { Mode } from '../shared/contracts/status.ts';
import type { RowOutcome } from '../shared/state/row-outcomes.ts';
import { type Place, statusPlace } from './place.ts';
import type { RunFilter } from './run-filter.ts';

/** Whether the app answers whoever looks at the page. */
export type Session =
  /** Not known yet: the app is being asked. */
  | { readonly kind: 'asking' }
  /** A function key is wanted. */
  | { readonly kind: 'key'; readonly problem: string | undefined; readonly isChecking: boolean }
  /** People sign in here, and nobody has, or no longer. */
  | { readonly kind: 'person'; readonly hasExpired: boolean }
  | { readonly kind: 'in'; readonly about: About };

/** The rows of a task, as far as they were asked for. */
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
  readonly kind: 'doctor' | 'discover' | 'segments' | 'audit';
  readonly isLoading: boolean;
  readonly report: DoctorReport | undefined;
  readonly discovery: Discovery | undefined;
  readonly segments: SegmentList | undefined;
  readonly audit: AuditList | undefined;
  readonly problem: string | undefined;
}

/** A row that is looked up. */
export interface LookUpState {
  readonly id: string;
  /** Undefined while the row is looked for in every table. */
  readonly table: string | undefined;
  readonly isLoading: boolean;
  /** Undefined where no source table has such a row, or not yet. */
  readonly answer: ProfileAnswer | undefined;
  readonly explanation: Explanation | undefined;
  /** What runs did to it, newest first, as far as was looked. */
  readonly outcomes: RecordOutcomes['outcomes'];
  /** Runs that were looked at. */
  readonly examined: number;
  readonly older: string | undefined;
  readonly problem: string | undefined;
}

/** Runs that match a filter, newest first, as far as they were looked for. */
export interface FoundRuns {
  readonly filter: RunFilter;
  /** Undefined before the first answer. */
  readonly runs: readonly RunSummary[] | undefined;
  /** Where the app goes on looking; absent where it has looked at all. */
  readonly older: string | undefined;
  /** Older ones were asked for. */
  readonly hasOlder: boolean;
  readonly isLoading: boolean;
}

/** All that the page knows; views draw it and nothing else. */
export interface State {
  readonly session: Session;
  readonly place: Place;
  readonly status: StatusAnswer | undefined;
  /** What brakes hold back until somebody confirms it. */
  readonly holds: readonly TableHold[];
  /** Newest first, as far as they were loaded; undefined before the first answer. */
  readonly runs: readonly RunSummary[] | undefined;
  readonly olderRuns: string | undefined;
  readonly isLoadingOlder: boolean;
  /** Only while a filter is chosen. */
  readonly found: FoundRuns | undefined;
  /** The run that is shown; undefined while it is being loaded, or is not recorded yet. */
  readonly run: RunDetail | undefined;
  /** A run that was asked for and is not there. */
  readonly missingRun: string | undefined;
  readonly rows: RowsState | undefined;
  readonly inspection: InspectionState | undefined;
  readonly lookUp: LookUpState | undefined;
  /** Why what was typed names no row. */
  readonly lookUpProblem: string | undefined;
  /** The run of the chart that is pointed at. */
  readonly pointedRun: string | undefined;
  /** What went wrong last; shown until it is over. */
  readonly problem: string | undefined;
  /** When the app last answered, in milliseconds. */
  readonly heardAt: number | undefined;
}

export const emptyState: State = {
  session: { kind: 'asking' },
  place: statusPlace,
  status: undefined,
  holds: [],
  runs: undefined,
  olderRuns: undefined,
  isLoadingOlder: false,
  found: undefined,
  run: undefined,
  missingRun: undefined,
  rows: undefined,
  inspection: undefined,
  lookUp: undefined,
  lookUpProblem: undefined,
  pointedRun: undefined,
  problem: undefined,
  heardAt: undefined,
};

/** What can be done on the page; each view gets these and calls them. */
export interface Actions {
  giveKey(key: string): void;
  forgetKey(): void;
  /** Leaves for the sign-in of the platform, and comes back to the same place. */
  signIn(): void;
  /** Shows a place; with `isStep` as the next one, that the browser's Back returns from. */
  show(place: Place, options?: { readonly isStep: boolean }): void;
  loadOlderRuns(): void;
  askToStart(mode: Mode): void;
  askToConfirm(hold: TableHold): void;
  askToCancel(runId: string): void;
  turnPage(direction: 'next' | 'before'): void;
  exportRows(): void;
  lookAgain(): void;
  lookUp(text: string, table: string | undefined): void;
  loadOlderOutcomes(): void;
  pointAt(runId: string | undefined): void;
  copy(text: string, what: string): void;
}
