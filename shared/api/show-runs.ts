import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { runIdSchema } from '../contracts/link-task.ts';
import { fieldErrors } from '../contracts/problem.ts';
import type { Run, RunWithTasks, StatusAnswer, Task } from '../contracts/run.ts';
import { taskGroup, taskName } from '../contracts/status.ts';
import type { Parts } from '../linking/parts.ts';
import { badRequest, notFound, ok } from './http-response.ts';

const pageSchema = z.object({
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
  continuation: z.string().min(1).max(4096).optional(),
});

/** Runs newest first, a page at a time; `continuation` of one answer asks for the next. */
export async function listRuns(parts: Parts, request: HttpRequest): Promise<HttpResponseInit> {
  const page = pageSchema.safeParse(Object.fromEntries(request.query));
  if (!page.success) return badRequest('The page asked for cannot be given.', fieldErrors(page.error));
  const { runs, continuation } = await parts.runs.listRecent(page.data.pageSize, page.data.continuation);
  return ok({ runs: runs.map(withLiveStatus), ...(continuation === undefined ? {} : { continuation }) });
}

export async function showRun(parts: Parts, request: HttpRequest): Promise<HttpResponseInit> {
  const runId = runIdSchema.safeParse(request.params.runId);
  if (!runId.success)
    return badRequest('That is no run id.', [{ field: 'runId', message: runId.error.issues[0]?.message ?? '' }]);
  const run = await parts.runs.show(runId.data);
  return run === undefined ? notFound(`run ${runId.data}`) : ok(withLiveStatus(run));
}

/** What Settings > System > Status shows: each table's newest task, in the original's group and under its name. */
export async function showStatus(parts: Parts): Promise<HttpResponseInit> {
  const { runs } = await parts.runs.listRecent(10);
  const newest = new Map<string, Task>();
  for (const task of runs.flatMap((run) => run.tasks)) {
    if (task.mode !== 'rehearsal' && !newest.has(task.table)) newest.set(task.table, task);
  }
  const tasks = [...newest.values()].sort((a, b) => a.table.localeCompare(b.table));
  const answer: StatusAnswer = {
    lastUpdated:
      tasks
        .map(({ updatedAt }) => updatedAt)
        .sort()
        .at(-1) ?? null,
    groups: [{ name: taskGroup, count: tasks.length, tasks: tasks.map((task) => ({ name: taskName, ...task })) }],
  };
  return ok(answer);
}

/** A run that has not ended is Queued until one of its tasks has begun. */
function withLiveStatus(run: RunWithTasks): RunWithTasks {
  if (run.endedAt !== undefined) return run;
  const status: Run['status'] = run.tasks.some((task) => task.status !== 'Queued' && task.status !== 'Skipped')
    ? 'Refreshing'
    : 'Queued';
  return { ...run, status };
}
