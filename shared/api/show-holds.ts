import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { holdIdSchema, type TableHold } from '../contracts/hold.ts';
import { operatorSource, runIdOf, type UnificationEvent } from '../contracts/unification-event.ts';
import { type RunParts, timeOf } from '../runs/parts.ts';
import { tablesOf } from '../runs/work.ts';
import { putOnRecord } from './audit.ts';
import { actorOf, type Caller } from './caller.ts';
import { accepted } from './event-door.ts';
import { notFound, ok, problem } from './http-response.ts';
import { parseInput } from './route-handler.ts';
import type { SteeringParts } from './steer-runs.ts';

/** Every hold that nobody has confirmed, by table. */
async function holdsOf(parts: Pick<RunParts, 'linkStates' | 'works'>): Promise<TableHold[]> {
  const states = await Promise.all(
    tablesOf(parts.works).map(async (table) => ({ table, ...(await parts.linkStates.load({ table })).state.linking })),
  );
  return states.flatMap(({ table, holds = [], confirmed = [] }) =>
    holds.filter(({ id }) => !confirmed.includes(id)).map((hold) => ({ ...hold, table })),
  );
}

/** Lists what brakes hold back, with some of the rows. */
export async function listHolds(parts: Pick<RunParts, 'linkStates' | 'works'>): Promise<HttpResponseInit> {
  return ok({ holds: await holdsOf(parts) });
}

/**
 * Confirms a hold: a run makes the changes that it showed, and no others. What has moved on since is held anew, under
 * another id. Confirmed again, it is the same run.
 */
export async function confirmHold(
  parts: SteeringParts,
  request: HttpRequest,
  caller: Caller,
): Promise<HttpResponseInit> {
  const id = parseInput(holdIdSchema, request.params.holdId, 'That is no hold.', 'path', 'holdId');
  if (parts.isReadOnly) return problem(409, 'Conflict', 'This app only rehearses (BACKSTAMP_READ_ONLY).');
  const hold = (await holdsOf(parts)).find((candidate) => candidate.id === id);
  if (hold === undefined) {
    const message = 'names no hold that waits: it was confirmed, or the map has moved on';
    return notFound(`hold ${id} that waits to be confirmed`, [{ field: 'holdId', message, in: 'path' }]);
  }
  const event: UnificationEvent = {
    schema: 'backstamp.unification-event/1',
    eventId: `operator-hold-${id}-${Date.parse(hold.shownAt)}`,
    source: operatorSource,
    occurredAt: timeOf(parts.now()),
    mode: 'incremental',
    tables: [hold.table],
    holds: [id],
    startedBy: actorOf(caller),
  };
  await putOnRecord(parts, caller, {
    action: 'confirm',
    runId: runIdOf(event),
    tables: [hold.table],
    detail: `hold ${id}: ${hold.kind} of ${hold.count}`,
  });
  await parts.runs.order(event);
  await parts.messenger.sendUnificationEvent(event);
  parts.telemetry.count('backstamp.events', 1, { door: 'operator' });
  return accepted(event);
}
