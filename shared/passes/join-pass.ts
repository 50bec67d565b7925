import type { LinkTask } from '../contracts/link-task.ts';
import type { Run } from '../contracts/run.ts';
import { operatorSource } from '../contracts/unification-event.ts';
import type { EndedPass } from '../state/link-states.ts';
import type { PassParts } from './parts.ts';

/*
 * Runs that wait for a table are joined: a pass that begins after several events came answers all of them. So a flood of
 * events costs as many passes as there is time for, and not one for each.
 */

/**
 * The end of a pass of another run, as the end of the pass that a message asks for; undefined where the message has to
 * be worked on itself. Only runs of events are joined that ask for nothing of their own.
 */
export async function joinedPass(
  parts: PassParts,
  {
    message,
    run,
    lastPass,
  }: { readonly message: LinkTask; readonly run: Run; readonly lastPass: EndedPass | undefined },
): Promise<EndedPass | undefined> {
  const { runId, table, followUp, dueAt } = message;
  if (lastPass === undefined || lastPass.runId === runId) return undefined;
  if (run.mode !== 'incremental' || run.source === operatorSource || run.cancelRequestedAt !== undefined)
    return undefined;
  const task = (await parts.runs.findTask(runId, table))?.value;
  // A pass that began later has seen what the message is to look for.
  const since = followUp === 0 ? run.receivedAt : dueAt;
  if (task?.passes !== followUp || since === undefined || lastPass.startedAt <= since) return undefined;
  const other = (await parts.runs.find(lastPass.runId))?.value;
  if (other?.mode !== 'incremental' && other?.mode !== 'full') return undefined;
  const { waiting, failed } = lastPass.counters;
  return {
    ...lastPass,
    runId,
    followUp,
    // What was done is counted where it was done.
    counters: { ...task.counters, waiting, failed },
    workedMs: task.workedMs ?? 0,
    details: [`The pass of run ${other.runId}, which began after this event, did its work too.`],
  };
}
