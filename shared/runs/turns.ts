import { firstLinkTask } from '../contracts/link-task.ts';
import type { Finding, Run, RunWithTasks, Task } from '../contracts/run.ts';
import { isFinal, type Status } from '../contracts/status.ts';
import type { RunParts } from './parts.ts';
import { updateTask } from './update-task.ts';
import { type RunWork, skippedBy, workOf } from './work.ts';

/*
 * Some tables come after others (`RunWork.predecessors`). Within a run their tasks wait, Queued and without a message, for
 * the end of the tasks that come first.
 */

/** Whether a table's turn has come within a run. */
export type Turn =
  /** A table that comes first has not ended. */
  | { readonly kind: 'waits' }
  /** `since`: when the last of those that came first has ended; undefined where there are none in the run. */
  | { readonly kind: 'has come'; readonly since: string | undefined }
  /** A table that comes first was canceled, or did not end well. */
  | { readonly kind: 'never comes'; readonly status: Status; readonly finding: Finding };

/** @param tasks the run's tasks, at least those of the tables that come first */
export function turnOf(
  work: Pick<RunWork, 'predecessors'>,
  run: Pick<Run, 'tables'>,
  table: string,
  tasks: readonly Task[],
): Turn {
  let since: string | undefined;
  for (const { table: first, unmet } of work.predecessors(table)) {
    if (!run.tables.includes(first)) continue;
    const task = tasks.find((candidate) => candidate.table === first);
    if (task === undefined || !isFinal(task.status)) return { kind: 'waits' };
    const { status, endedAt } = task;
    if (!endedWell(status)) return { kind: 'never comes', status, finding: unmet(status) };
    if (endedAt !== undefined && endedAt > (since ?? '')) since = endedAt;
  }
  return { kind: 'has come', since };
}

/** Whether what a task was to do is done, with warnings or without. */
export const endedWell = (status: Status): boolean => status === 'Successful' || status === 'Completed with warnings';

const turnIn = ({ works }: Pick<RunParts, 'works'>, run: RunWithTasks, task: Task): Turn =>
  turnOf(workOf(works, task) ?? works[0], run, task.table, run.tasks);

/** Whether a task of a run waits for others, and has no message for that reason. */
export const waitsForTurn = (parts: Pick<RunParts, 'works'>, run: RunWithTasks, task: Task): boolean =>
  !isFinal(task.status) && turnIn(parts, run, task).kind === 'waits';

/** Since when a task that has not ended might have got on: where it comes after others, since these have ended. */
export function movableSince(parts: Pick<RunParts, 'works'>, run: RunWithTasks, task: Task): string {
  const turn = turnIn(parts, run, task);
  return turn.kind === 'has come' && turn.since !== undefined && turn.since > task.updatedAt
    ? turn.since
    : task.updatedAt;
}

/**
 * Sends tasks on their way whose turn has come, and ends those whose turn never comes: canceled with what they wait for,
 * else skipped. May be called at any time, and any number of times. Tells whether it ended any task.
 */
export async function giveTurns(parts: RunParts, run: RunWithTasks): Promise<boolean> {
  const next: string[] = [];
  let hasEnded = false;
  for (const task of run.tasks) {
    if (task.status !== 'Queued') continue;
    const turn = turnIn(parts, run, task);
    if (turn.kind === 'has come' && turn.since !== undefined) next.push(task.table);
    if (turn.kind !== 'never comes') continue;
    if (turn.status === 'Canceled') await updateTask(parts, task, 'canceled');
    else await updateTask(parts, task, 'a requirement fails', ({ kind }) => skipped(parts, kind, turn.finding));
    hasEnded = true;
  }
  if (next.length > 0) await parts.messenger.sendLinkTasks(next.map((table) => firstLinkTask(run.runId, table)));
  return hasEnded;
}

const skipped = ({ works }: Pick<RunParts, 'works'>, kind: Task['kind'], finding: Finding) =>
  skippedBy(workOf(works, { kind }) ?? works[0], [finding]);
