import { randomUUID } from 'node:crypto';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { runIdSchema } from '../contracts/link-task.ts';
import { operatorSource, type UnificationEvent } from '../contracts/unification-event.ts';
import { tablesOfRuns } from '../contracts/unification-setup.ts';
import { cancelRun } from '../runs/cancel-run.ts';
import { type Parts, timeOf } from '../runs/parts.ts';
import { accepted } from './event-door.ts';
import { badRequest, notFound, ok } from './http-response.ts';
import { readJsonBody } from './request-body.ts';
import { parseInput } from './route-handler.ts';
import { startRunSchema } from './schemas.ts';

/** Starts a run that an operator asks for, over all source tables or some. */
export async function startRun(parts: Parts, request: HttpRequest): Promise<HttpResponseInit> {
  const refusal = 'The run asked for cannot be started.';
  const wanted = parseInput(startRunSchema, await readJsonBody(request), refusal);
  const known = new Set(tablesOfRuns(parts.options.setup));
  const unknown = (wanted.tables ?? []).filter((table) => !known.has(table));
  if (unknown.length > 0) {
    const message = `not among the tables of BACKSTAMP_UNIFICATION: ${unknown.join(', ')}`;
    return badRequest(refusal, [{ field: 'tables', message }]);
  }
  const event: UnificationEvent = {
    schema: 'backstamp.unification-event/1',
    eventId: `operator-${randomUUID()}`,
    source: operatorSource,
    occurredAt: timeOf(parts.now()),
    ...wanted,
  };
  await parts.messenger.sendUnificationEvent(event);
  parts.telemetry.count('backstamp.events', 1, { door: 'operator' });
  return accepted(event);
}

/** Cancels a run; one that has ended is answered as it is. */
export async function stopRun(parts: Parts, request: HttpRequest): Promise<HttpResponseInit> {
  const runId = parseInput(runIdSchema, request.params.runId, 'That is no run id.');
  const run = await cancelRun(parts, runId);
  return run === undefined ? notFound(`run ${runId}`) : ok(run);
}
