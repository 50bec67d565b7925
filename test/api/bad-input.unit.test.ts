import type { HttpResponseInit } from '@azure/functions';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventDoor } from '../../shared/api/event-door.ts';
import { answerRequest } from '../../shared/api/route-handler.ts';
import { rowListQuerySchema, runListQuerySchema, startRunSchema } from '../../shared/api/schemas.ts';
import { showRows } from '../../shared/api/show-rows.ts';
import { listRuns, showRun } from '../../shared/api/show-runs.ts';
import { startRun, stopRun } from '../../shared/api/steer-runs.ts';
import { cloudEventSchema, plainEventSchema } from '../../shared/contracts/foreign-event.ts';
import { runIdSchema } from '../../shared/contracts/link-task.ts';
import { problemSchema } from '../../shared/contracts/problem.ts';
import { unificationEventSchema } from '../../shared/contracts/unification-event.ts';
import { logicalNameSchema } from '../../shared/contracts/unification-setup.ts';
import { RetryableError, TerminalError } from '../../shared/errors.ts';
import { memoryParts } from './memory-parts.ts';
import { bodiesFor, queriesFor, segmentsFor } from './mutations.ts';
import { failedRow, sampleRun, sampleTask } from './records.ts';
import { bodyOf, request } from './requests.ts';

const runs = { numRuns: 1000 };

/** Either done, or refused with a problem document; nothing else, whatever was sent. */
function expectAnswered(answer: HttpResponseInit, done: number): boolean {
  if (answer.status === done) return true;
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  problemSchema.parse(bodyOf(answer));
  return false;
}

describe('bad input', () => {
  let { parts, outbox } = memoryParts();
  const route =
    (handler: Parameters<typeof answerRequest<typeof parts>>[1]) => (incoming: ReturnType<typeof request>) =>
      answerRequest(parts, handler, incoming);

  beforeEach(() => {
    ({ parts, outbox } = memoryParts());
  });

  it.each([
    ['CloudEvents', cloudEventSchema],
    ['plain bodies', plainEventSchema],
    ['messages of our own', unificationEventSchema],
  ])(
    'at the door of events (%s): an event that is well-formed is sent once, any other leaves no trace',
    async (_, schema) => {
      await fc.assert(
        fc.asyncProperty(bodiesFor(schema), async (body) => {
          const before = outbox.events.length;
          const answer = await route(eventDoor)(request('POST', '/api/unification-events', { body }));
          const isDone = expectAnswered(answer, 202);
          expect(outbox.events.length - before).toBe(isDone ? 1 : 0);
          if (!isDone) expect(bodyOf(answer)).toHaveProperty('errors.0.field');
          else unificationEventSchema.parse(JSON.parse(JSON.stringify(outbox.events.at(-1))));
        }),
        runs,
      );
    },
  );

  it('has no word that permits two things: confirm is refused, but where it can only be about orphans', async () => {
    const start = (body: object) => route(startRun)(request('POST', '/api/runs', { body }));

    const refused = await start({ mode: 'full', confirm: true });
    expect(refused.status).toBe(400);
    const [error] = problemSchema.parse(bodyOf(refused)).errors ?? [];
    expect(error).toMatchObject({ field: 'confirm', message: expect.stringMatching(/beyondLimits .* giveOwners/) });
    expect(outbox.events).toEqual([]);

    expect((await start({ mode: 'reconcile', confirm: true })).status).toBe(202);
    expect((await start({ mode: 'full', beyondLimits: true, giveOwners: true })).status).toBe(202);
  });

  it('refuses a list that names a table twice, by its place', async () => {
    const before = outbox.events.length;
    const body = { mode: 'full', tables: ['contact', 'lead', 'contact'] };
    const answer = await route(startRun)(request('POST', '/api/runs', { body }));
    expect(answer.status).toBe(400);
    expect(problemSchema.parse(bodyOf(answer)).errors).toEqual([
      { field: 'tables.2', message: 'contact is named twice; name each table once', in: 'body' },
    ]);
    expect(outbox.events).toHaveLength(before);
  });

  it('takes the word that mode reconcile had before for it', async () => {
    const start = (mode: string) => route(startRun)(request('POST', '/api/runs', { body: { mode } }));
    expect((await start('orphans')).status).toBe(202);
    expect(outbox.events.at(-1)).toMatchObject({ mode: 'reconcile' });
    expect((await start('orphan')).status).toBe(400);
  });

  it('at the door of operators: what is well-formed and names known tables starts a run, any other leaves no trace', async () => {
    await fc.assert(
      fc.asyncProperty(bodiesFor(startRunSchema), async (body) => {
        const before = outbox.events.length;
        const answer = await route(startRun)(request('POST', '/api/runs', { body }));
        expect(outbox.events.length - before).toBe(expectAnswered(answer, 202) ? 1 : 0);
      }),
      runs,
    );
  });

  it('as text that is no JSON, or too long', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        const answer = await route(startRun)(request('POST', '/api/runs', { body: `{${text}` }));
        expect(answer.status).toBe(400);
      }),
    );
    const long = request('POST', '/api/unification-events', { body: { eventId: 'a', more: 'é'.repeat(40_000) } });
    const answer = await route(eventDoor)(long);
    expect(answer.status).toBe(413);
    expect(bodyOf(answer)).toMatchObject({ errors: [{ field: 'body' }] });
    expect(outbox.events).toEqual([]);
  });

  it('as paths and queries', async () => {
    const run = sampleRun(1);
    await parts.runs.record(run);
    await parts.runs.recordTask(sampleTask(run, 'contact'));
    await parts.rowOutcomes.record(run.runId, 'contact', [failedRow(1)]);
    const anyRunId = fc.oneof(fc.constant(run.runId), segmentsFor(runIdSchema));
    const anyTable = fc.oneof(fc.constant('contact'), segmentsFor(logicalNameSchema));
    await fc.assert(
      fc.asyncProperty(
        anyRunId,
        anyTable,
        queriesFor(runListQuerySchema),
        queriesFor(rowListQuerySchema),
        async (runId, table, runQuery, rowQuery) => {
          const params = { runId, table };
          expectAnswered(await route(listRuns)(request('GET', `/api/runs?${runQuery}`)), 200);
          expectAnswered(await route(showRun)(request('GET', '/api/runs/x', { params })), 200);
          expectAnswered(await route(stopRun)(request('POST', '/api/runs/x/cancel', { params })), 200);
          const rows = await route(showRows)(request('GET', `/api/runs/x/tables/y/rows?${rowQuery}`, { params }));
          expect(rows.status === 200 || expectAnswered(rows, 200) === false).toBe(true);
        },
      ),
      runs,
    );
    expect(await parts.runs.find(run.runId)).toMatchObject({ value: run });
  });
});

describe('a fault on our side', () => {
  it.each([
    ['a service out of reach', new RetryableError('Table Storage did not answer'), 503],
    ['a refusal by Dataverse', new TerminalError('Dataverse refused'), 502],
    ['a fault of the app', new TypeError('x is not a function'), 500],
  ])('%s is a problem document', async (_, error, status) => {
    const { parts } = memoryParts();
    const answer = await answerRequest(
      parts,
      async () => {
        throw error;
      },
      request('GET', '/api/runs'),
    );
    expect(answer.status).toBe(status);
    expect(problemSchema.parse(bodyOf(answer)).status).toBe(status);
    // What went wrong inside is for the log.
    expect(JSON.stringify(answer)).not.toContain('is not a function');
  });

  it('says when to come back', async () => {
    const { parts } = memoryParts();
    const answer = await answerRequest(
      parts,
      async () => {
        throw new RetryableError('Dataverse is busy', { retryAfterMs: 7_100 });
      },
      request('GET', '/api/runs'),
    );
    expect(answer.headers).toMatchObject({ 'retry-after': '8' });
  });
});
