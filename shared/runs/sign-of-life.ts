import type { Task } from '../contracts/run.ts';

/** What the watch adds to a task's details when it sends it on its way once more (stalled-tasks.ts). */
const sentAgain = /^(?:No sign of life|Waited) since (\S+?)(?::| while) /;

/** When a task last moved by itself: that the watch sent it on its way once more is no sign of life. */
export function signOfLife({ details, updatedAt }: Pick<Task, 'details' | 'updatedAt'>): string {
  let since = updatedAt;
  for (const line of details.toReversed()) {
    const [, time] = sentAgain.exec(line) ?? [];
    if (time === undefined) break;
    since = time;
  }
  return since;
}
