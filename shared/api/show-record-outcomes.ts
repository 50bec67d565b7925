import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { Task } from '../contracts/run.ts';
import { logicalNameSchema } from '../contracts/unification-setup.ts';
import type { RunParts } from '../runs/parts.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import { ok } from './http-response.ts';
import { listFrom } from './paging.ts';
import { parseInput, queryOf } from './route-handler.ts';
import { type RecordOutcomes, recordIdSchema, recordOutcomesQuerySchema } from './schemas.ts';

/** Runs that are looked at in one request. */
const runsAtOnce = 25;

/** What runs did to one row, newest run first, as far as they list rows at all; some runs at a time. */
export async function showRecordOutcomes(
  parts: Pick<RunParts, 'runs' | 'rowOutcomes'>,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const refusal = 'What runs did to the row cannot be shown.';
  const table = parseInput(logicalNameSchema, request.params.table, refusal, 'path', 'table');
  const id = parseInput(recordIdSchema, request.params.id, refusal, 'path', 'id');
  const { continuation } = parseInput(recordOutcomesQuerySchema, queryOf(request), refusal, 'query');
  const page = await listFrom(continuation, () => parts.runs.listRecent(runsAtOnce, continuation));
  const found = await Promise.all(
    page.runs.map(async ({ runId, mode, tasks }) => {
      const task = tasks.find((one) => one.table === table);
      const outcomes = task === undefined ? [] : await parts.rowOutcomes.ofRow(runId, table, id, listedBy(task));
      return outcomes.map((outcome) => ({ ...outcome, runId, mode }));
    }),
  );
  const answer: RecordOutcomes = {
    outcomes: found.flat(),
    examined: page.runs.length,
    ...(page.continuation === undefined ? {} : { continuation: page.continuation }),
  };
  return ok(answer);
}

/** Outcomes of which a task has listed rows at all: the others need not be looked for. */
function listedBy({ mode, counters, details }: Task): RowOutcome['outcome'][] {
  const counts: readonly (readonly [RowOutcome['outcome'], number])[] = [
    ['failed', counters.failed],
    ['waiting', counters.waiting],
    ['relinked', counters.relinked],
    ['cleared', counters.cleared],
    ['gone', counters.gone],
    ['assigned', counters.assigned ?? 0],
    // A rehearsal lists a sample of first links too.
    ['linked', mode === 'rehearsal' ? counters.linked : 0],
    // No counter: where units were compared, a line of the details tells.
    ['acrossUnits', details.some((line) => line.includes('acrossUnits')) ? 1 : 0],
  ];
  return counts.filter(([, count]) => count > 0).map(([outcome]) => outcome);
}
