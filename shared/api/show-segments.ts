import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { RetryableError } from '../errors.ts';
import { listSegments } from '../segments/list-segments.ts';
import { readSegments, type SegmentParts } from '../segments/read-segments.ts';
import { type AuditParts, putOnRecord } from './audit.ts';
import type { Caller } from './caller.ts';
import { ok } from './http-response.ts';
import { parseInput, queryOf } from './route-handler.ts';
import { type SegmentList, segmentListQuerySchema } from './schemas.ts';

/** How long one request counts, and how long it may take in all, in milliseconds; the platform ends one after 230 s. */
const [budgetMs, patienceMs] = [60_000, 180_000];

/** Segments with their readiness for Dynamics 365 Marketing, as they were last counted, a page at a time. */
export async function showSegments(
  parts: Pick<SegmentParts, 'segments'>,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const query = parseInput(segmentListQuerySchema, queryOf(request), 'The page asked for cannot be given.', 'query');
  const { after, ...page } = await listSegments(parts, { after: query.continuation, pageSize: query.pageSize });
  const answer: SegmentList = {
    ...page,
    ...(after === undefined ? {} : { continuation: Buffer.from(after).toString('base64url') }),
  };
  return ok(answer);
}

/** Counts as much as can be counted in the time of one request; who wants all asks again until it is complete. */
export async function refreshSegments(
  parts: SegmentParts & AuditParts,
  _request: HttpRequest,
  caller: Caller,
): Promise<HttpResponseInit> {
  const { reading } = await listSegments(parts, { after: undefined, pageSize: 1 });
  // Who wants all asks again and again until it is complete: that is one entry.
  await putOnRecord(parts, caller, { action: 'refresh', detail: 'segments' }, reading?.startedAt);
  const signal = AbortSignal.timeout(patienceMs);
  try {
    return ok(await readSegments(parts, { budgetMs, mayBegin: true, signal }));
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new RetryableError(`Dataverse did not answer within ${patienceMs / 1000} s`, { cause: error });
  }
}
