import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { runIdSchema } from '../contracts/link-task.ts';
import type { Run, RunWithTasks } from '../contracts/run.ts';
import { runDetailOf, runSummaryOf } from '../contracts/run-summary.ts';
import type { RunParts } from '../runs/parts.ts';
import { notFound, ok } from './http-response.ts';
import { listFrom } from './paging.ts';
import { parseInput, queryOf } from './route-handler.ts';
import { type RunList, type RunSummaryList, runListQuerySchema } from './schemas.ts';

/** Runs newest first with their tasks or without, a page at a time; `continuation` of one answer asks for the next. */
export async function listRuns(parts: Pick<RunParts, 'runs'>, request: HttpRequest): Promise<HttpResponseInit> {
  const query = parseInput(runListQuerySchema, queryOf(request), 'The page asked for cannot be given.', 'query');
  const page = await listFrom(query.continuation, () => parts.runs.listRecent(query.pageSize, query.continuation));
  const { continuation } = page;
  const runs = page.runs.map(withLiveStatus);
  const more = continuation === undefined ? {} : { continuation };
  const answer: RunList | RunSummaryList =
    query.tasks === 'none' ? { runs: runs.map(runSummaryOf), ...more } : { runs, ...more };
  return ok(answer);
}

export async function showRun(parts: Pick<RunParts, 'runs'>, request: HttpRequest): Promise<HttpResponseInit> {
  const runId = parseInput(runIdSchema, request.params.runId, 'That is no run id.', 'path', 'runId');
  const run = await parts.runs.show(runId);
  return run === undefined ? notFound(`run ${runId}`) : ok(runDetailOf(withLiveStatus(run)));
}

/** A run that has not ended is Queued until one of its tasks has begun. */
function withLiveStatus(run: RunWithTasks): RunWithTasks {
  if (run.endedAt !== undefined) return run;
  const status: Run['status'] = run.tasks.some((task) => task.status !== 'Queued' && task.status !== 'Skipped')
    ? 'Refreshing'
    : 'Queued';
  return { ...run, status };
}
