import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { z } from 'zod';
import { runIdSchema } from '../contracts/link-task.ts';
import type { Run, RunWithTasks } from '../contracts/run.ts';
import { runDetailOf, runSummaryOf } from '../contracts/run-summary.ts';
import type { RunParts } from '../runs/parts.ts';
import { notFound, ok } from './http-response.ts';
import { listFrom } from './paging.ts';
import { parseInput, queryOf } from './route-handler.ts';
import { type RunList, type RunSummaryList, runListQuerySchema } from './schemas.ts';

/** Runs looked at for one answer, at most; a filter may find few among them. */
const maxExamined = 500;

/**
 * Runs newest first with their tasks or without, a page at a time; `continuation` of one answer asks for the next. A
 * filtered page may hold fewer than asked for, or none, and still go on.
 */
export async function listRuns(parts: Pick<RunParts, 'runs'>, request: HttpRequest): Promise<HttpResponseInit> {
  const query = parseInput(runListQuerySchema, queryOf(request), 'The page asked for cannot be given.', 'query');
  const { runs, continuation } = await listFrom(query.continuation, () => findRuns(parts, query));
  const more = continuation === undefined ? {} : { continuation };
  const answer: RunList | RunSummaryList =
    query.tasks === 'none' ? { runs: runs.map(runSummaryOf), ...more } : { runs, ...more };
  return ok(answer);
}

type Query = z.infer<typeof runListQuerySchema>;

async function findRuns(
  parts: Pick<RunParts, 'runs'>,
  query: Query,
): Promise<{ runs: RunWithTasks[]; continuation: string | undefined }> {
  const runs: RunWithTasks[] = [];
  const since = query.since === undefined ? undefined : Date.parse(query.since);
  let { continuation } = query;
  let examined = 0;
  do {
    const wanted = query.pageSize - runs.length;
    const page = await parts.runs.listRecent(wanted, continuation);
    examined += wanted;
    continuation = page.continuation;
    for (const run of page.runs.map(withLiveStatus)) {
      // Runs come newest first: nothing after this one is young enough.
      if (since !== undefined && Date.parse(run.receivedAt) < since) return { runs, continuation: undefined };
      if (isAskedFor(run, query)) runs.push(run);
    }
  } while (continuation !== undefined && runs.length < query.pageSize && examined < maxExamined);
  return { runs, continuation };
}

const isAskedFor = (run: RunWithTasks, { status, mode, table }: Query): boolean =>
  (status === undefined || status.includes(run.status)) &&
  (mode === undefined || run.mode === mode) &&
  (table === undefined || run.tables.includes(table));

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
