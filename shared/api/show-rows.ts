import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { z } from 'zod';
import { runIdSchema } from '../contracts/link-task.ts';
import { logicalNameSchema } from '../contracts/unification-setup.ts';
import { normaliseGuid } from '../customer-insights/guid.ts';
import type { RunParts } from '../runs/parts.ts';
import type { RowOutcome } from '../state/row-outcomes.ts';
import { type AuditParts, putOnRecord } from './audit.ts';
import { type Caller, mayHearQuotes } from './caller.ts';
import { notFound, ok } from './http-response.ts';
import { listFrom } from './paging.ts';
import { withoutQuotes } from './quoted-words.ts';
import { parseInput, queryOf } from './route-handler.ts';
import { toCsv } from './row-outcome-csv.ts';
import { type RowList, rowListQuerySchema } from './schemas.ts';

/** Rows that a search looks at in one request, at most: five pages of the storage service. */
const maxExamined = 5_000;
const searchPageSize = 1_000;
/** The beginning of an id of Dataverse, long enough that few words and few other ids begin so. */
const idBeginning = /^[0-9a-f-]{8,36}$/;

/** What became of the rows of one task, a page at a time; as CSV where `format` or the Accept header asks for it. */
export async function showRows(
  parts: Pick<RunParts, 'runs' | 'rowOutcomes'> & AuditParts,
  request: HttpRequest,
  caller: Caller,
): Promise<HttpResponseInit> {
  const refusal = 'The rows asked for cannot be shown.';
  const runId = parseInput(runIdSchema, request.params.runId, refusal, 'path', 'runId');
  const table = parseInput(logicalNameSchema, request.params.table, refusal, 'path', 'table');
  const query = parseInput(rowListQuerySchema, queryOf(request), refusal, 'query');
  const seen = mayHearQuotes(caller) ? asTheyAre : withoutQuotesOf;
  const list = await listFrom(query.continuation, () => findRows(parts, runId, table, query, seen));
  if (list.rows.length === 0 && (await parts.runs.findTask(runId, table)) === undefined) {
    return notFound(`task for table ${table} in run ${runId}`);
  }
  const isCsv = query.format === 'csv' || (query.format === undefined && acceptsCsv(request));
  if (!isCsv) return ok(list);
  const matter = `${query.outcome ?? ''} ${query.search ?? ''}`;
  await putOnRecord(
    parts,
    caller,
    { action: 'export', runId, tables: [table], detail: query.outcome ?? 'all rows' },
    query.continuation === undefined ? undefined : matter,
  );
  const { continuation } = list;
  return {
    status: 200,
    body: toCsv(list.rows, query.continuation === undefined),
    headers: {
      'cache-control': 'no-store',
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="${table}-${query.outcome ?? 'rows'}-${runId.slice(0, 8)}.csv"`,
      ...(continuation === undefined ? {} : { 'x-continuation': continuation }),
    },
  };
}

const asTheyAre = (row: RowOutcome): RowOutcome => row;
const withoutQuotesOf = (row: RowOutcome): RowOutcome =>
  row.reason === undefined ? row : { ...row, reason: withoutQuotes(row.reason) };

const acceptsCsv = (request: HttpRequest): boolean => (request.headers.get('accept') ?? '').includes('text/csv');

async function findRows(
  parts: Pick<RunParts, 'runs' | 'rowOutcomes'>,
  runId: string,
  table: string,
  { outcome, search, pageSize, continuation }: z.infer<typeof rowListQuerySchema>,
  seen: (row: RowOutcome) => RowOutcome,
): Promise<RowList> {
  if (search !== undefined && continuation === undefined) {
    const limit = Math.min(pageSize + 1, searchPageSize);
    const found = await findById(parts, runId, table, { outcome, search, limit });
    // None: it may be a customer's id, which is no key. More than a page: it says too little to be meant as an id.
    if (found.length > 0 && found.length < limit) return { rows: found.map(seen), examined: found.length };
  }
  const rows: RowOutcome[] = [];
  let examined = 0;
  let next = continuation;
  do {
    const page = await parts.rowOutcomes.page(runId, table, {
      outcome,
      pageSize: search === undefined ? pageSize : searchPageSize,
      continuation: next,
    });
    examined += page.outcomes.length;
    // Searched as they are seen: what is found by a word is told that word.
    const visible = page.outcomes.map(seen);
    const matches = search === undefined ? visible : visible.filter((row) => contains(row, search));
    for (const row of matches) rows.push(row);
    next = page.continuation;
  } while (next !== undefined && search !== undefined && rows.length < pageSize && examined < maxExamined);
  return { rows, examined, ...(next === undefined ? {} : { continuation: next }) };
}

/** Rows whose id begins with what is searched for, where that looks like an id in any of its spellings. */
async function findById(
  parts: Pick<RunParts, 'runs' | 'rowOutcomes'>,
  runId: string,
  table: string,
  { outcome, search, limit }: { outcome: RowOutcome['outcome'] | undefined; search: string; limit: number },
): Promise<RowOutcome[]> {
  const idPrefix = normaliseGuid(search) ?? search.toLowerCase();
  if (!idBeginning.test(idPrefix)) return [];
  return parts.rowOutcomes.byId(runId, table, { idPrefix, outcome, limit });
}

function contains(row: RowOutcome, search: string): boolean {
  const wanted = search.toLowerCase();
  const { id, reason, customerId, previousCustomerId, profileId, previousProfileId } = row;
  return [id, reason, customerId, previousCustomerId, profileId, previousProfileId].some((text) =>
    text?.toLowerCase().includes(wanted),
  );
}
