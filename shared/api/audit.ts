import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { type AuditEntry, actorText } from '../contracts/audit.ts';
import { type RunParts, timeOf } from '../runs/parts.ts';
import type { AuditTrail } from '../state/audit-trail.ts';
import type { IdempotencyKeys } from '../state/idempotency-keys.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { actorOf, type Caller } from './caller.ts';
import { ok } from './http-response.ts';
import { listFrom } from './paging.ts';
import { parseInput, queryOf } from './route-handler.ts';
import { type AuditList, auditListQuerySchema } from './schemas.ts';

/** What it takes to keep and show who did what. */
export interface AuditParts {
  readonly audit: AuditTrail;
  readonly telemetry: Telemetry;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Puts on record what somebody asks for, before it is done: what cannot be put on record is not done.
 * @param continuing set for the further requests of something that comes in many; they are one entry an hour
 */
export async function putOnRecord(
  { audit, telemetry, now }: AuditParts,
  caller: Caller,
  matter: Omit<AuditEntry, 'at' | 'by'>,
  continuing?: string,
): Promise<void> {
  const entry: AuditEntry = { at: timeOf(now()), by: actorOf(caller), ...matter };
  if (continuing === undefined) await audit.record(entry);
  else if (!(await audit.recordOnce(entry, continuing))) return;
  const { action, by, runId, tables, detail } = entry;
  // A log record of its own. Names stand in no span and no metric.
  telemetry.log('info', 'Audit', {
    action,
    by: actorText(by),
    byKind: by.kind,
    byId: by.id,
    runId,
    tables: tables?.join(','),
    detail,
  });
}

/** Removes what is older than the time that history is kept. */
export async function pruneAudit({
  audit,
  idempotencyKeys,
  now,
  options,
}: AuditParts & {
  readonly idempotencyKeys: IdempotencyKeys;
  readonly options: { readonly retentionMs: number };
}): Promise<void> {
  const before = timeOf(now() - options.retentionMs);
  await audit.removeBefore(before);
  await idempotencyKeys.removeBefore(before);
}

/** Who did what, newest first. */
export async function listAudit(
  parts: AuditParts & Pick<RunParts, 'telemetry'>,
  request: HttpRequest,
): Promise<HttpResponseInit> {
  const query = parseInput(auditListQuerySchema, queryOf(request), 'The page asked for cannot be given.', 'query');
  const { entries, continuation } = await listFrom(query.continuation, () =>
    parts.audit.list(query.pageSize, query.continuation),
  );
  const answer: AuditList = { entries, ...(continuation === undefined ? {} : { continuation }) };
  return ok(answer);
}
