import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { StatusAnswer, Task } from '../contracts/run.ts';
import { taskGroup, taskNameOf } from '../contracts/status.ts';
import { tablesOfRuns } from '../contracts/unification-setup.ts';
import type { Parts } from '../runs/parts.ts';
import { ok } from './http-response.ts';

/** Runs read at first, and then more at a time: the newest run nearly always has every table. */
const firstRuns = 1;
const moreRuns = 25;
/** Older runs than these are not looked at: their tables stand in the run history. */
const maxRuns = 101;

/** What Settings > System > Status shows: each table's newest task, in the original's group and under its name. */
export async function showStatus(parts: Parts, _request: HttpRequest): Promise<HttpResponseInit> {
  const newest = await newestTasks(parts);
  const tasks = [...newest.values()].sort((a, b) => a.table.localeCompare(b.table));
  const lastUpdated = tasks.reduce<string | null>(
    (last, { updatedAt }) => (last === null || updatedAt > last ? updatedAt : last),
    null,
  );
  const answer: StatusAnswer = {
    lastUpdated,
    groups: [
      { name: taskGroup, count: tasks.length, tasks: tasks.map((task) => ({ name: taskNameOf(task), ...task })) },
    ],
  };
  return ok(answer);
}

/** By table; a rehearsal changes nothing, so it says nothing of a table's state. */
async function newestTasks(parts: Parts): Promise<Map<string, Task>> {
  const wanted = new Set(tablesOfRuns(parts.options.setup));
  const newest = new Map<string, Task>();
  let continuation: string | undefined;
  let seen = 0;
  do {
    const page = await parts.runs.listRecent(seen === 0 ? firstRuns : moreRuns, continuation);
    seen += seen === 0 ? firstRuns : moreRuns;
    for (const task of page.runs.flatMap((run) => run.tasks)) {
      if (task.mode === 'rehearsal' || newest.has(task.table)) continue;
      newest.set(task.table, task);
      wanted.delete(task.table);
    }
    continuation = page.continuation;
  } while (continuation !== undefined && wanted.size > 0 && seen < maxRuns);
  return newest;
}
