import { beforeEach, describe, expect, it } from 'vitest';
import { listAudit, pruneAudit } from '../../shared/api/audit.ts';
import type { Caller } from '../../shared/api/caller.ts';
import { eventDoor } from '../../shared/api/event-door.ts';
import { answerRequest } from '../../shared/api/route-handler.ts';
import { auditListSchema } from '../../shared/api/schemas.ts';
import { showRows } from '../../shared/api/show-rows.ts';
import { showRun } from '../../shared/api/show-runs.ts';
import { startRun, stopRun } from '../../shared/api/steer-runs.ts';
import { runWithTasksSchema } from '../../shared/contracts/run.ts';
import { TerminalError } from '../../shared/errors.ts';
import { orchestrateRun } from '../../shared/runs/orchestrate-run.ts';
import { type Attributes, silentTelemetry } from '../../shared/telemetry/telemetry.ts';
import { type ApiParts, memoryParts, type Outbox } from './memory-parts.ts';
import { failedRow, sampleRun, sampleTask } from './records.ts';
import { bodyOf, request } from './requests.ts';

const id = '00000000-0000-4000-8000-00000000000a';
const operator: Caller = { kind: 'person', id, name: 'kim@contoso.com', roles: new Set(['operator', 'reader']) };
const reader: Caller = { kind: 'person', id, name: 'lee@contoso.com', roles: new Set(['reader']) };
const kim = { kind: 'person', id, name: 'kim@contoso.com' };

describe('the audit', () => {
  let parts: ApiParts;
  let outbox: Outbox;
  let logged: (Attributes & { message: string })[];
  let measured: string;
  let now: number;

  beforeEach(() => {
    logged = [];
    measured = '';
    now = Date.parse('2026-03-01T08:00:00Z');
    const measure = (...told: unknown[]) => {
      measured += JSON.stringify(told);
    };
    ({ parts, outbox } = memoryParts({
      now: () => now,
      telemetry: {
        ...silentTelemetry,
        log: (_level, message, attributes) => void logged.push({ message, ...attributes }),
        count: measure,
        record: measure,
        span: (name, attributes, work) => {
          measure(name, attributes);
          return work({ set: measure, fail: measure });
        },
      },
    }));
  });

  type Handler = Parameters<typeof answerRequest<ApiParts>>[1];
  const as = (caller: Caller, handler: Handler, asked: ReturnType<typeof request>) =>
    answerRequest(parts, handler, asked, async () => caller);
  const start = (body: unknown, caller: Caller = operator, headers: Record<string, string> = {}) =>
    as(caller, startRun, request('POST', '/api/runs', { body, headers }));
  const cancel = (runId: string, caller: Caller = operator) =>
    as(caller, stopRun, request('POST', '/api/x', { params: { runId } }));
  const entries = async () =>
    auditListSchema.parse(bodyOf(await as(reader, listAudit, request('GET', '/api/audit')))).entries;
  const orchestrated = async () => {
    const event = outbox.events.at(-1);
    if (event === undefined) throw new Error('No event was sent');
    return orchestrateRun(parts, JSON.parse(JSON.stringify(event)));
  };
  const shown = async (runId: string) =>
    runWithTasksSchema.parse(bodyOf(await as(reader, showRun, request('GET', '/api/x', { params: { runId } }))));

  it('I16 says who started and who cancelled a run: on the run, in the list, and in a log record of its own', async () => {
    await start({ mode: 'full', tables: ['contact'] });
    const runId = await orchestrated();
    now += 60_000;
    await cancel(runId, { kind: 'key' });

    expect(await shown(runId)).toMatchObject({ startedBy: kim, canceledBy: { kind: 'key' } });
    expect(await entries()).toEqual([
      { at: '2026-03-01T08:01:00.000Z', action: 'cancel', by: { kind: 'key' }, runId },
      { at: '2026-03-01T08:00:00.000Z', action: 'run', by: kim, runId, tables: ['contact'], detail: 'full' },
    ]);
    const records = logged.filter(({ message }) => message === 'Audit');
    expect(records).toMatchObject([
      { action: 'run', by: `kim@contoso.com (${id})`, byKind: 'person', byId: id, runId },
      { action: 'cancel', by: 'function key', byKind: 'key', runId },
    ]);
    // Personal data stays out of metrics and traces.
    expect(measured).not.toContain('kim');
    expect(measured).not.toContain(id);
  });

  it('I16 tells a confirmation from a run', async () => {
    await start({ mode: 'reconcile', beyondLimits: true });
    expect(await entries()).toMatchObject([{ action: 'confirm', by: kim, detail: 'reconcile' }]);
  });

  it('I16 names nobody whom a sender of events makes up', async () => {
    const body = {
      schema: 'backstamp.unification-event/1',
      eventId: 'x',
      source: 'x',
      occurredAt: '2026-03-01T08:00:00Z',
      mode: 'full',
      startedBy: { kind: 'person', id, name: 'the chief' },
    };
    await answerRequest(parts, eventDoor, request('POST', '/api/unification-events', { body }));
    expect(await shown(await orchestrated())).toMatchObject({ mode: 'incremental', startedBy: { kind: 'key' } });
  });

  it('keeps the name of who cancelled first, and one entry of it', async () => {
    await start({ mode: 'full' });
    const runId = await orchestrated();
    await cancel(runId);
    expect((await cancel(runId, { kind: 'key' })).status).toBe(200);
    expect(await shown(runId)).toMatchObject({ canceledBy: kim });
    expect((await entries()).filter(({ action }) => action === 'cancel')).toHaveLength(1);
  });

  it('a run that has ended is not cancelled, and nobody is said to have done so', async () => {
    const run = sampleRun(1);
    await parts.runs.record(run);
    const answer = await cancel(run.runId);
    expect(answer.status).toBe(409);
    expect(bodyOf(answer)).toMatchObject({ detail: expect.stringContaining('has ended (Successful)') });
    expect(await entries()).toEqual([]);
  });

  it('holds each export once, however many pages it has', async () => {
    const run = sampleRun(1);
    await parts.runs.record(run);
    await parts.runs.recordTask(sampleTask(run, 'contact'));
    await parts.rowOutcomes.record(
      run.runId,
      'contact',
      Array.from({ length: 9 }, (_, n) => failedRow(n)),
    );
    const params = { runId: run.runId, table: 'contact' };
    let continuation: string | undefined;
    do {
      const more = continuation === undefined ? '' : `&continuation=${encodeURIComponent(continuation)}`;
      const answer = await as(reader, showRows, request('GET', `/api/x?format=csv&pageSize=2${more}`, { params }));
      continuation = new Headers(answer.headers as Record<string, string>).get('x-continuation') ?? undefined;
    } while (continuation !== undefined);
    await as(reader, showRows, request('GET', '/api/x', { params }));

    const exported = { action: 'export', by: { kind: 'person', id, name: 'lee@contoso.com' }, ...{ runId: run.runId } };
    // The beginning, and that it went on: that one would stand alone where somebody began in the middle.
    expect(await entries()).toMatchObject([exported, exported]);
  });

  it('I16 does nothing that it cannot put on record', async () => {
    parts = {
      ...parts,
      audit: Object.assign(Object.create(parts.audit), { record: () => Promise.reject(new TerminalError('no table')) }),
    };
    expect((await start({ mode: 'full' })).status).toBe(502);
    expect(outbox.events).toEqual([]);
  });

  it('puts on record what came again after it could not be recorded', async () => {
    const { audit } = parts;
    const broken = Object.assign(Object.create(audit), {
      recordOnce: () => Promise.reject(new TerminalError('no table')),
    });
    const headers = { 'idempotency-key': 'a' };
    parts = { ...parts, audit: broken };
    expect((await start({ mode: 'full' }, operator, headers)).status).toBe(502);
    expect(outbox.events).toEqual([]);
    parts = { ...parts, audit };
    for (let time = 0; time < 3; time++) expect((await start({ mode: 'full' }, operator, headers)).status).toBe(202);
    expect(await entries()).toMatchObject([{ action: 'run', by: kim }]);
  });

  it('lets go of what is older than history is kept', async () => {
    await start({ mode: 'full' }, operator, { 'idempotency-key': 'a' });
    now += 60_000;
    await start({ mode: 'rehearsal' }, operator, { 'idempotency-key': 'b' });
    now += parts.options.retentionMs - 30_000;
    await pruneAudit(parts);
    expect(await entries()).toMatchObject([{ detail: 'rehearsal' }]);
    // The key is free again.
    expect((await start({ mode: 'incremental' }, operator, { 'idempotency-key': 'a' })).status).toBe(202);
    expect((await start({ mode: 'incremental' }, operator, { 'idempotency-key': 'b' })).status).toBe(422);
  });
});

describe('a request that comes again', () => {
  let { parts, outbox } = memoryParts();
  beforeEach(() => {
    ({ parts, outbox } = memoryParts());
  });
  const start = async (key: string | undefined, body: unknown, caller: Caller = operator) => {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const asked = request('POST', '/api/runs', { body, headers });
    const answer = await answerRequest(parts, startRun, asked, async () => caller);
    return { status: answer.status, body: bodyOf(answer) as { runId?: string } };
  };

  it('under the same Idempotency-Key is the same run', async () => {
    const [first, again] = [await start('k1', { mode: 'full' }), await start('k1', { mode: 'full' })];
    expect(first.status).toBe(202);
    expect(again).toEqual(first);
    expect(new Set(outbox.events.map(({ eventId }) => eventId)).size).toBe(1);
    expect((await parts.audit.list(10)).entries).toHaveLength(1);
  });

  it('is another run under another key, without one, or of somebody else', async () => {
    const runs = [
      await start('k1', { mode: 'full' }),
      await start('k2', { mode: 'full' }),
      await start(undefined, { mode: 'full' }),
      await start(undefined, { mode: 'full' }),
      await start('k1', { mode: 'full' }, { kind: 'key' }),
    ];
    expect(new Set(runs.map(({ body }) => body.runId)).size).toBe(runs.length);
  });

  it('is refused under the key of another request, and starts nothing', async () => {
    await start('k1', { mode: 'full' });
    for (const body of [
      { mode: 'rehearsal' },
      { mode: 'full', tables: ['lead'] },
      { mode: 'full', beyondLimits: true },
    ]) {
      expect(await start('k1', body)).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'Idempotency-Key', in: 'header' }] },
      });
    }
    expect(outbox.events).toHaveLength(1);
  });

  it.each(['', ' ', 'a b', 'ä', 'x'.repeat(256)])('is refused under a key that is none (%s)', async (key) => {
    expect((await start(key, { mode: 'full' })).status).toBe(400);
    expect(outbox.events).toEqual([]);
  });
});

describe('what Dataverse said to the application', () => {
  const words = 'Lead Jane Doe of South has no owner';
  const run = sampleRun(1);
  const reason = `Dataverse refused the row (0x80040265): ${words}`;
  let { parts } = memoryParts();
  const rows = async (caller: Caller, query = '') => {
    const asked = request('GET', `/api/x${query}`, { params: { runId: run.runId, table: 'contact' } });
    const answer = await answerRequest(parts, showRows, asked, async () => caller);
    return JSON.stringify(answer.jsonBody ?? answer.body);
  };
  beforeEach(async () => {
    ({ parts } = memoryParts());
    await parts.runs.record(run);
    const details = [
      `Dataverse refused to update contact (HTTP 400 0x80040265): ${words} Mend it.`,
      'Nothing else: all is well.',
    ];
    await parts.runs.recordTask(sampleTask(run, 'contact', { details }));
    await parts.rowOutcomes.record(run.runId, 'contact', [failedRow(1, reason)]);
  });

  it('is told to operators and holders of a key', async () => {
    for (const caller of [operator, { kind: 'key' } as const]) {
      expect(await rows(caller)).toContain(words);
      expect(await rows(caller, '?format=csv')).toContain(words);
    }
  });

  it('reaches nobody else: a code and a fixed sentence do, and no search finds the words', async () => {
    for (const query of ['', '?format=csv', '?outcome=failed', '?search=0x80040265']) {
      const told = await rows(reader, query);
      expect(told).not.toContain('Jane');
      expect(told).toContain(
        'Dataverse refused the row (0x80040265). The words of the refusal are shown to operators.',
      );
    }
    expect(JSON.parse(await rows(reader, '?search=Jane')).rows).toEqual([]);

    const asked = request('GET', '/api/x', { params: { runId: run.runId } });
    const answer = bodyOf(await answerRequest(parts, showRun, asked, async () => reader));
    expect(JSON.stringify(answer)).not.toContain('Jane');
    expect(runWithTasksSchema.parse(answer).tasks[0]?.details).toEqual([
      'Dataverse refused to update contact (HTTP 400 0x80040265). The words of the refusal are shown to operators.',
      'Nothing else: all is well.',
    ]);
  });

  it('is in no problem document for them', async () => {
    const error = new TerminalError(`Dataverse refused: ${words}`, { logText: 'Dataverse refused' });
    const detail = async (caller: Caller) => {
      const answer = await answerRequest(
        parts,
        async () => {
          throw error;
        },
        request('GET', '/api/x'),
        async () => caller,
      );
      return JSON.stringify(bodyOf(answer));
    };
    expect(await detail(operator)).toContain(words);
    expect(await detail(reader)).not.toContain('Jane');
  });
});
