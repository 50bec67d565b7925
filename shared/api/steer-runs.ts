import { randomUUID } from 'node:crypto';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { runIdSchema } from '../contracts/link-task.ts';
import { fieldErrors } from '../contracts/problem.ts';
import { modeSchema } from '../contracts/status.ts';
import { runIdOf, type UnificationEvent } from '../contracts/unification-event.ts';
import { logicalNameSchema } from '../contracts/unification-setup.ts';
import { cancelRun } from '../linking/cancel-run.ts';
import { type Parts, timeOf } from '../linking/parts.ts';
import { badRequest, notFound, ok } from './http-response.ts';

const startSchema = z.strictObject({
  mode: modeSchema,
  tables: z.array(logicalNameSchema).min(1).optional(),
  /** Clear even more links than the safety limit allows. */
  confirm: z.boolean().optional(),
});

/** Starts a run that an operator asks for, over all source tables or some. */
export async function startRun(parts: Parts, request: HttpRequest): Promise<HttpResponseInit> {
  const body = startSchema.safeParse(await readJson(request));
  if (!body.success) return badRequest('The run asked for cannot be started.', fieldErrors(body.error));
  const known = new Set(parts.options.setup.tables.map(({ table }) => table));
  const unknown = (body.data.tables ?? []).filter((table) => !known.has(table));
  if (unknown.length > 0) {
    const message = `not among the tables of BACKSTAMP_UNIFICATION: ${unknown.join(', ')}`;
    return badRequest('The run asked for cannot be started.', [{ field: 'tables', message }]);
  }
  const event: UnificationEvent = {
    schema: 'backstamp.unification-event/1',
    eventId: `operator-${randomUUID()}`,
    source: 'operator',
    occurredAt: timeOf(parts.now()),
    ...body.data,
  };
  await parts.messenger.sendUnificationEvent(event);
  parts.telemetry.count('backstamp.events', 1, { door: 'operator' });
  const runId = runIdOf(event.eventId);
  return { ...ok({ eventId: event.eventId, runId }, 202), headers: { location: `/api/runs/${runId}` } };
}

/** Cancels a run; one that has ended is answered as it is. */
export async function stopRun(parts: Parts, request: HttpRequest): Promise<HttpResponseInit> {
  const runId = runIdSchema.safeParse(request.params.runId);
  if (!runId.success)
    return badRequest('That is no run id.', [{ field: 'runId', message: runId.error.issues[0]?.message ?? '' }]);
  const run = await cancelRun(parts, runId.data);
  return run === undefined ? notFound(`run ${runId.data}`) : ok(run);
}

async function readJson(request: HttpRequest): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    return undefined;
  }
}
