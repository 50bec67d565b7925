import type { Check } from '../contracts/doctor-report.ts';
import type { Finding, Task } from '../contracts/run.ts';
import type { Mode, Status } from '../contracts/status.ts';

/** A table whose task has to end before another's begins, where a run has both. */
export interface Predecessor {
  readonly table: string;
  /** Why the other table cannot be worked on in a run in which this one did not end well. */
  readonly unmet: (status: Status) => Finding;
}

/**
 * A kind of work as a run knows it: which tables it is about and after which others, what keeps a table from it, and what
 * its tasks are called. How a table is worked on is for the engine of passes, which knows more of it (`passes/work.ts`).
 */
export interface RunWork {
  /** Its name in the records of tasks. */
  readonly kind: string;
  /** The name under which its tasks are listed. */
  readonly taskName: string;
  /** The set-up's tables that it is about, or those alone that a run in some mode has tasks for. No two kinds share one. */
  tables(mode?: Mode): readonly string[];
  predecessors(table: string): readonly Predecessor[];
  /** What keeps some of its tables from being worked on in a mode, by table, as far as that is told before any begins. */
  findings(tables: readonly string[], mode: Mode): Promise<ReadonlyMap<string, readonly Finding[]>>;
  /** The first line of the details of a task that is skipped. */
  skippedText(findings: readonly Finding[]): string;
  /** What the doctor says of its tables. */
  check(signal: AbortSignal): Promise<Check[]>;
}

/** Every kind of work there is. Tasks that name no kind are of the first, and so are those of tables that nobody knows. */
export type Works<W extends RunWork = RunWork> = readonly [W, ...W[]];

/** Every table that a run in a mode is about; in any mode where none is given. */
export const tablesOf = (works: Works, mode?: Mode): string[] => works.flatMap((work) => [...work.tables(mode)]);

/** The kind of work that is done to a table; undefined where the set-up does not name it. */
export const workOn = <W extends RunWork>(works: Works<W>, table: string): W | undefined =>
  works.find((work) => work.tables().includes(table));

/** The kind of work of a task; undefined where this version of the program does not know it. */
export const workOf = <W extends RunWork>(works: Works<W>, { kind }: Pick<Task, 'kind'>): W | undefined =>
  kind === undefined ? works[0] : works.find((work) => work.kind === kind);

/** What the record of a skipped task says: the work's own words first, then each finding with its remedy. */
export const skippedBy = (
  work: Pick<RunWork, 'skippedText'>,
  findings: readonly Finding[],
): { readonly findings: Finding[]; readonly details: string[] } => ({
  findings: [...findings],
  details: [work.skippedText(findings), ...findings.map(({ finding, remedy }) => `${finding} ${remedy}`)],
});
