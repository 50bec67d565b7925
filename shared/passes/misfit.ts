import type { LinkTask } from '../contracts/link-task.ts';
import type { Run, Task } from '../contracts/run.ts';

/**
 * Why a message does not fit what is recorded of its run; undefined where it does. Whoever may send to the queue can
 * send anything: a message is worked on only where the records ask for it.
 * @param session the session that it came in, where that is known: a table has one writer because it has one session
 */
export function misfit(
  { table, followUp }: LinkTask,
  { run, task, session }: { readonly run: Run; readonly task: Task; readonly session: string | undefined },
): string | undefined {
  if (session !== undefined && session !== table) return 'it came in the session of another table';
  if (!run.tables.includes(table)) return 'the run is not about this table';
  if (followUp > task.passes) return `it asks for follow-up ${followUp} after ${task.passes} passes`;
  return undefined;
}
