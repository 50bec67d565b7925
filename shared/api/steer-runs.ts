import { createHash, randomUUID } from 'node:crypto';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { runIdSchema } from '../contracts/link-task.ts';
import { operatorSource, runIdOf, type UnificationEvent } from '../contracts/unification-event.ts';
import { cancelRun } from '../runs/cancel-run.ts';
import { type RunParts, timeOf } from '../runs/parts.ts';
import { tablesOf } from '../runs/work.ts';
import type { IdempotencyKeys } from '../state/idempotency-keys.ts';
import { type AuditParts, putOnRecord } from './audit.ts';
import { actorOf, type Caller } from './caller.ts';
import { accepted } from './event-door.ts';
import { badRequest, notFound, ok, problem } from './http-response.ts';
import { readJsonBody } from './request-body.ts';
import { parseInput } from './route-handler.ts';
import { idempotencyKeySchema, type StartRun, startRunSchema } from './schemas.ts';

/** What it takes to start and cancel runs. */
export type SteeringParts = RunParts &
  AuditParts & {
    readonly idempotencyKeys: IdempotencyKeys;
    /** The app rehearses only. */
    readonly isReadOnly: boolean;
  };

/** Starts a run that an operator asks for, over all source tables or some. */
export async function startRun(parts: SteeringParts, request: HttpRequest, caller: Caller): Promise<HttpResponseInit> {
  const refusal = 'The run asked for cannot be started.';
  const sentKey = request.headers.get('idempotency-key') ?? undefined;
  const idempotencyKey = parseInput(idempotencyKeySchema, sentKey, refusal, 'header', 'Idempotency-Key');
  const wanted = parseInput(startRunSchema, await readJsonBody(request), refusal, 'body');
  if (parts.isReadOnly && wanted.mode !== 'rehearsal') {
    return problem(409, 'Conflict', 'This app only rehearses (BACKSTAMP_READ_ONLY): start a run in mode rehearsal.');
  }
  const known = new Set(tablesOf(parts.works));
  const unknown = (wanted.tables ?? []).filter((table) => !known.has(table));
  if (unknown.length > 0) {
    const message = `not among the tables of BACKSTAMP_UNIFICATION: ${unknown.join(', ')}`;
    return badRequest(refusal, [{ field: 'tables', message, in: 'body' }]);
  }
  const key = idempotencyKey === undefined ? randomUUID() : keyOf(caller, idempotencyKey);
  const claim = idempotencyKey === undefined ? 'new' : await claimKey(parts, key, wanted);
  if (claim === 'other') return keyTaken();
  const event: UnificationEvent = {
    schema: 'backstamp.unification-event/1',
    eventId: `operator-${key}`,
    source: operatorSource,
    occurredAt: timeOf(parts.now()),
    startedBy: actorOf(caller),
    ...wanted,
  };
  // Where the request came again, the first may have failed before it was on record.
  await putOnRecord(
    parts,
    caller,
    {
      action: wanted.beyondLimits || wanted.giveOwners || wanted.confirm ? 'confirm' : 'run',
      runId: runIdOf(event),
      ...(wanted.tables === undefined ? {} : { tables: wanted.tables }),
      detail: wanted.mode,
    },
    idempotencyKey === undefined ? undefined : key,
  );
  // Sent again where the request came again: the first may have failed after its key was taken. One event id is one run.
  await parts.runs.order(event);
  await parts.messenger.sendUnificationEvent(event);
  parts.telemetry.count('backstamp.events', 1, { door: 'operator' });
  return accepted(event);
}

/** A key is a caller's own: nobody else's request is taken for a repetition. */
const keyOf = (caller: Caller, idempotencyKey: string): string =>
  createHash('sha256')
    .update(JSON.stringify([caller.kind === 'key' ? '' : caller.id, idempotencyKey]))
    .digest('hex')
    .slice(0, 36);

const claimKey = ({ idempotencyKeys, now }: SteeringParts, key: string, wanted: StartRun) =>
  idempotencyKeys.claim(
    key,
    JSON.stringify([wanted.mode, wanted.tables, wanted.beyondLimits ?? wanted.confirm, wanted.giveOwners]),
    timeOf(now()),
  );

const keyTaken = (): HttpResponseInit =>
  problem(422, 'Unprocessable content', 'This Idempotency-Key was sent before, with another request: take a new one.', {
    errors: [{ field: 'Idempotency-Key', message: 'stands for another request', in: 'header' }],
  });

/** Cancels a run. One that is being canceled, or was, is answered as it is; one that ended otherwise is refused. */
export async function stopRun(
  parts: RunParts & AuditParts,
  request: HttpRequest,
  caller: Caller,
): Promise<HttpResponseInit> {
  const runId = parseInput(runIdSchema, request.params.runId, 'That is no run id.', 'path', 'runId');
  const before = await parts.runs.find(runId);
  if (before === undefined) return notFound(`run ${runId}`);
  const { endedAt, cancelRequestedAt, status } = before.value;
  if (endedAt !== undefined && cancelRequestedAt === undefined) {
    return problem(409, 'Conflict', `Run ${runId} has ended (${status}): there is nothing left to cancel.`);
  }
  if (cancelRequestedAt === undefined) await putOnRecord(parts, caller, { action: 'cancel', runId });
  const run = await cancelRun(parts, runId, actorOf(caller));
  return run === undefined ? notFound(`run ${runId}`) : ok(run);
}
