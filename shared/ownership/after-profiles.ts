import { firstLinkTask } from '../contracts/link-task.ts';
import type { Finding, Run, RunWithTasks, Task } from '../contracts/run.ts';
import { isFinal } from '../contracts/status.ts';
import { profileTable } from '../customer-insights/names.ts';
import type { Parts } from '../runs/parts.ts';
import { updateTask } from '../runs/update-task.ts';
import { isProfileTable } from './names.ts';

/*
 * Owners of profiles come first: activities, segment memberships and measures take the owner that their profile has. So
 * within a run their tasks wait, Queued and without a message, for the end of the profile table's own.
 */

type RunOfTables = Pick<Run, 'tables'> & { readonly tasks: readonly Task[] };

const profilesTask = ({ tasks }: RunOfTables): Task | undefined => tasks.find(({ table }) => isProfileTable(table));

const follows = ({ kind, table }: Pick<Task, 'kind' | 'table'>): boolean =>
  kind === 'ownership' && !isProfileTable(table);

/** Whether a task of a run waits for the profiles' task, and has no message for that reason. */
export function waitsForProfiles(run: RunOfTables, task: Task): boolean {
  if (!follows(task) || isFinal(task.status) || !run.tables.includes(profileTable)) return false;
  const profiles = profilesTask(run);
  return profiles === undefined || !isFinal(profiles.status);
}

/** Since when a task that has not ended might have got on: those that follow the profiles, since these have ended. */
export function movableSince(run: RunOfTables, task: Task): string {
  const endedAt = follows(task) ? profilesTask(run)?.endedAt : undefined;
  return endedAt !== undefined && endedAt > task.updatedAt ? endedAt : task.updatedAt;
}

/**
 * Sends the tasks that follow the profiles on their way as soon as these have their owners; where they have not got
 * them, the others are skipped. May be called at any time, and any number of times. Tells whether it ended any task.
 */
export async function releaseFollowers(parts: Parts, run: RunWithTasks): Promise<boolean> {
  const profiles = profilesTask(run);
  if (profiles === undefined || !isFinal(profiles.status)) return false;
  const waiting = run.tasks.filter((task) => follows(task) && task.status === 'Queued');
  if (waiting.length === 0) return false;
  if (profiles.status === 'Canceled') {
    for (const task of waiting) await updateTask(parts, task, 'canceled');
    return true;
  }
  const finding = profilesFinding(profiles);
  if (finding === undefined) {
    await parts.messenger.sendLinkTasks(waiting.map(({ table }) => firstLinkTask(run.runId, table)));
    return false;
  }
  for (const task of waiting) await updateTask(parts, task, 'a requirement fails', () => skippedBy([finding]));
  return true;
}

/** Why the tasks that follow the profiles cannot go on; undefined where they can. */
export function profilesFinding({ status }: Pick<Task, 'status'>): Finding | undefined {
  if (status === 'Successful' || status === 'Completed with warnings') return undefined;
  return {
    code: 'profiles-first',
    finding: `The owners of profiles, which rows of this table follow, were not seen to in this run: ${status}.`,
    remedy: `Look at the details of ${profileTable} in this run.`,
  };
}

/** First line of the details of a task whose owners were left alone. */
export const ownersSkippedText = 'Owners were not written: not every requirement is met.';

/** What a skipped task's record says. */
export const skippedBy = (findings: Finding[]): { readonly findings: Finding[]; readonly details: string[] } => ({
  findings,
  details: [ownersSkippedText, ...findings.map(({ finding, remedy }) => `${finding} ${remedy}`)],
});
