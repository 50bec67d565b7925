import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { alerts } from '../../infra/scripts/alert-cases.ts';
import { acceptedSchema } from '../../shared/api/schemas.ts';
import type { RunWithTasks } from '../../shared/contracts/run.ts';
import { type SampleApp, startSampleApp } from '../operate/sample-organisation.ts';
import { endOf, post, startRun } from '../operate/sample-stack.ts';
import { lookAtRuns } from '../support/stack.ts';
import { type OtlpReceiver, type ReceivedPoint, startOtlpReceiver } from '../telemetry/otlp-receiver.ts';

/** A table of the set-up that the organisation does not have. */
const missingTable = 'new_loyalty';
const soon = { timeout: 30_000, interval: 50 };

/** What the app sends on a bad night and the day after, as the queries of the alerts take it. */
describe('the rows that alerts are made of', () => {
  let receiver: OtlpReceiver;
  let app: SampleApp;
  /** What had been received when the watch had looked. */
  const looks = { fresh: 0, failed: 0, mended: 0, rehearsed: 0 };
  const runs: Record<string, RunWithTasks> = {};

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    app = await startSampleApp({
      rows: 400,
      settings: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
      change: (setup) => ({
        ...setup,
        tables: [
          ...setup.tables,
          {
            table: missingTable,
            dataSource: 'Loyalty',
            entity: missingTable,
            connector: 'dataverse',
            primaryKey: `${missingTable}id`,
          },
        ],
      }),
    });
    looks.fresh = await look();

    const message = 'Access to Dataverse API is restricted for this application Id';
    for (const kind of ['updateMultiple', 'update'])
      await app.control('POST', 'faults', {
        match: { kind, path: 'leads' },
        fault: { status: 403, code: '0x80095ffc', message },
      });
    await app.control('POST', 'faults', {
      match: { path: 'msdynci_' },
      times: 3,
      fault: { status: 429, code: '0x80072322', retryAfter: 1 },
    });
    runs.failed = await unify('first');
    looks.failed = await look();

    await app.control('DELETE', 'faults');
    runs.mended = await unify('second');
    looks.mended = await look();

    const { runId } = await startRun(app.stack, { mode: 'rehearsal' });
    runs.rehearsed = await endOf(app.stack, runId);
    await giveUpAMessage();
    looks.rehearsed = await look();
  }, 180_000);
  afterAll(async () => {
    await app?.stack.stop();
    await receiver?.close();
  });

  async function unify(eventId: string): Promise<RunWithTasks> {
    const response = await post(app.stack, '/api/unification-events', { eventId });
    return endOf(app.stack, acceptedSchema.parse(await response.json()).runId);
  }

  /** The timer fires; afterwards all that it told has been received. */
  async function look(): Promise<number> {
    const beats = (): number => pointsOf('backstamp.heartbeat').at(-1)?.value ?? 0;
    const before = beats();
    await lookAtRuns(app.stack);
    await vi.waitUntil(() => beats() > before, soon);
    return receiver.points.length;
  }

  async function giveUpAMessage(): Promise<void> {
    const client = new ServiceBusClient(app.stack.serviceBusConnectionString);
    try {
      await client.createSender('unification-events').sendMessages({ body: { no: 'event' }, messageId: 'garbage' });
    } finally {
      await client.close();
    }
    await vi.waitUntil(() => pointsOf('backstamp.dead_letters').length > 0, soon);
  }

  const pointsOf = (metric: string, until?: number): ReceivedPoint[] =>
    receiver.points.slice(0, until).filter((point) => point.metric === metric);
  /** A gauge's value at a look. */
  const valueAt = (at: keyof typeof looks, metric: string, table?: string): number | undefined =>
    pointsOf(metric, looks[at]).findLast(({ attributes }) => attributes.table === table)?.value;
  const endings = (at: 'failed' | 'mended' | 'rehearsed') =>
    Object.fromEntries((runs[at]?.tasks ?? []).map(({ table, status }) => [table, status]));

  it('come from a night in which one table fails and one is not there, and from the day after', () => {
    expect(endings('failed')).toMatchObject({ contact: 'Successful', lead: 'Failed', [missingTable]: 'Skipped' });
    expect(endings('mended')).toMatchObject({ contact: 'Successful', lead: 'Successful', [missingTable]: 'Skipped' });
  });

  it.each(alerts)('are of the kind that the cases of $name have', ({ cases }) => {
    for (const { metric, properties } of cases.flatMap(({ rows }) => rows)) {
      const sent = pointsOf(metric).map(({ attributes }) => Object.keys(attributes).toSorted().join());
      expect(sent, metric).toContain(Object.keys(properties).toSorted().join());
    }
  });

  it('silent: a beat at each look, with the version', () => {
    // Its timer fires by itself, too.
    expect(pointsOf('backstamp.heartbeat').at(-1)?.value).toBeGreaterThanOrEqual(4);
    expect(pointsOf('backstamp.heartbeat').at(-1)?.attributes.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('task-failed: raised by the table that failed, not by one that was skipped or rehearsed', () => {
    const failed = pointsOf('backstamp.task.duration').filter(({ attributes }) => attributes.status === 'Failed');

    expect(new Set(failed.map(({ attributes }) => `${attributes.table} ${attributes.mode}`))).toEqual(
      new Set(['lead incremental']),
    );
    const rehearsed = pointsOf('backstamp.task.duration').filter(({ attributes }) => attributes.mode === 'rehearsal');
    expect(rehearsed.length).toBeGreaterThan(0);
  });

  it('never-linked: raised by the table that failed and the one that is not there, cleared by the first pass that ends', () => {
    expect(valueAt('fresh', 'backstamp.table.unlinked', 'lead')).toBe(0);
    expect(valueAt('failed', 'backstamp.table.unlinked', 'lead')).toBeGreaterThan(0);
    expect(valueAt('failed', 'backstamp.table.unlinked', missingTable)).toBeGreaterThan(0);
    expect(valueAt('failed', 'backstamp.table.unlinked', 'contact')).toBe(0);
    expect(valueAt('mended', 'backstamp.table.unlinked', 'lead')).toBe(0);
    expect(valueAt('mended', 'backstamp.table.unlinked', missingTable)).toBeGreaterThan(
      valueAt('failed', 'backstamp.table.unlinked', missingTable) ?? Number.NaN,
    );
  });

  it('watermark-old: told of a table as soon as it has one', () => {
    expect(valueAt('failed', 'backstamp.watermark.age', 'contact')).toBeGreaterThanOrEqual(0);
    expect(valueAt('failed', 'backstamp.watermark.age', 'lead')).toBeUndefined();
    expect(valueAt('mended', 'backstamp.watermark.age', 'lead')).toBeGreaterThanOrEqual(0);
  });

  it('no-event: counts from the first look, begins anew with an event, and goes on through a rehearsal', () => {
    expect(valueAt('fresh', 'backstamp.event.age')).toBeLessThan(5);
    const [mended = Number.NaN, rehearsed = Number.NaN] = (['mended', 'rehearsed'] as const).map((at) =>
      valueAt(at, 'backstamp.event.age'),
    );
    expect(rehearsed).toBeGreaterThan(mended);
  });

  it('run-without-progress: 0 where no run is open', () => {
    for (const at of ['fresh', 'failed', 'mended', 'rehearsed'] as const) {
      expect(valueAt(at, 'backstamp.run.without_progress')).toBe(0);
      expect(valueAt(at, 'backstamp.run.open_tasks')).toBe(0);
    }
  });

  it('pending-growing: told of each table that was linked, once its run is over', () => {
    expect(valueAt('failed', 'backstamp.pending_rows.growth', 'contact')).toBe(0);
    expect(valueAt('mended', 'backstamp.pending_rows.growth', 'contact')).toBeDefined();
  });

  it('throttled and dead-letter: refused requests by status, given-up messages by queue', () => {
    const statuses = pointsOf('backstamp.dataverse.requests').map(({ attributes }) => String(attributes.status));

    expect(statuses).toContain('429');
    expect(statuses).toContain('200');
    expect(pointsOf('backstamp.dead_letters').at(-1)?.attributes).toEqual({ queue: 'unification-events' });
  });

  it('tell how long after the event each table was linked, and nothing of what nobody waited for', () => {
    const tables = new Set(pointsOf('backstamp.lag').map(({ attributes }) => attributes.table));

    expect(tables).toContain('contact');
    expect(tables).not.toContain(missingTable);
  });
});
