import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callStandIn, loadRows } from '../../local/sample/control-plane.ts';
import { generateOrganisation } from '../../local/sample/generator.ts';
import { loadOrganisation } from '../../local/sample/load.ts';
import { type Organisation, unificationSetup } from '../../local/sample/organisation.ts';
import { acceptedSchema } from '../../shared/api/schemas.ts';
import type { RunWithTasks } from '../../shared/contracts/run.ts';
import { instruments } from '../../shared/telemetry/instruments.ts';
import { attributesOf } from '../infra/emitted-metrics.ts';
import { endOf, post } from '../operate/sample-stack.ts';
import { lookAtRuns, startTestStack, type TestStack } from '../support/stack.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.ts';

/** Two identities that write. */
const clientIds = ['11111111-aaaa-4bbb-8ccc-000000000001', '11111111-aaaa-4bbb-8ccc-000000000002'];
/** Waits a moment between two looks at what has been received; the end of an invocation sends it. */
const soon = { timeout: 20_000, interval: 100 };

describe('telemetry of the running app', () => {
  let receiver: OtlpReceiver;
  let stack: TestStack;
  let organisation: Organisation;
  let run: RunWithTasks;
  let refusedRow: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    organisation = generateOrganisation({ rows: 600, seed: 7 });
    stack = await startTestStack({
      settings: {
        BACKSTAMP_UNIFICATION: JSON.stringify(unificationSetup(organisation)),
        BACKSTAMP_DATAVERSE_CLIENT_IDS: clientIds.join(','),
        // Small pages and short slices, so that passes have continuations and follow-ups.
        BACKSTAMP_PAGE_SIZE: '20',
        BACKSTAMP_SLICE_SECONDS: '1',
        // However slow the machine, the first pass has ended before: the row without a profile needs another look.
        BACKSTAMP_SETTLING_INTERVAL_SECONDS: '5',
        BACKSTAMP_SETTLING_LIMIT_SECONDS: '40',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      },
      hostLogLevel: 'debug',
    });
    await loadOrganisation(stack.dataverseUrl, { organisation, clientIds });
    const profileId = [...organisation.truth('lead')].find((link) => link.profileId !== null)?.profileId ?? '';
    await loadRows(stack.dataverseUrl, 'msdynci_customerprofile', [{ $delete: profileId }]);
    await misbehave();
    const response = await post(stack, '/api/unification-events', { eventId: 'told' });
    run = await endOf(stack, acceptedSchema.parse(await response.json()).runId);
    await giveUpAMessage();
    await lookAtRuns(stack);
    await vi.waitUntil(() => receiver.points.some(({ metric }) => metric === 'backstamp.heartbeat'), soon);
  });
  afterAll(async () => {
    await stack?.stop();
    await receiver?.close();
  });

  /** Throttling, an outage, and a row that is refused: the service's words quote whom the row is about. */
  async function misbehave(): Promise<void> {
    const row = [...organisation.rowsOf('contact')].find(
      ({ emailaddress1, telephone1 }) => emailaddress1 && telephone1,
    );
    if (row === undefined) throw new Error('The sample has no contact with an e-mail address and a telephone number.');
    refusedRow = row;
    const quoted = `Contact ${row.fullname} <${row.emailaddress1}>, ${row.telephone1}, is not valid.`;
    await callStandIn(stack.dataverseUrl, '/__control/faults', {
      method: 'POST',
      body: JSON.stringify([
        { match: { path: 'msdynci_' }, times: 2, fault: { status: 429, code: '0x80072322', retryAfter: 1 } },
        { match: { path: 'UpdateMultiple' }, times: 1, fault: { status: 503, message: quoted } },
        { match: { rowId: row.contactid }, fault: { status: 400, code: '0x80040265', message: quoted } },
      ]),
    });
  }

  /** A message that nobody understands comes again until the broker gives it up. */
  async function giveUpAMessage(): Promise<void> {
    const client = new ServiceBusClient(stack.serviceBusConnectionString);
    try {
      await client.createSender('unification-events').sendMessages({ body: { no: 'event' }, messageId: 'garbage' });
    } finally {
      await client.close();
    }
    await vi.waitUntil(() => receiver.points.some(({ metric }) => metric === 'backstamp.dead_letters'), soon);
  }

  const traceOf = (name: string): ReceivedSpan[] => {
    const root = receiver.spans.find((span) => span.name === name);
    return receiver.spans.filter(({ traceId }) => traceId === root?.traceId);
  };
  /** Names from a span up to the root. */
  function pathOf(span: ReceivedSpan, trace: readonly ReceivedSpan[]): string[] {
    const parent = trace.find(({ spanId }) => spanId === span.parentSpanId);
    return parent === undefined ? [span.name] : [span.name, ...pathOf(parent, trace)];
  }

  it('is one connected trace from the HTTP door to UpdateMultiple, over two hops of Service Bus', () => {
    const trace = traceOf('receive-unification-event');

    const roots = trace.filter(({ parentSpanId }) => parentSpanId === '');
    const ids = new Set(trace.map(({ spanId }) => spanId));
    const writes = trace.filter(({ name }) => name === 'Dataverse updateMultiple');

    expect(roots.map(({ name }) => name)).toEqual(['receive-unification-event']);
    expect(trace.filter(({ parentSpanId }) => parentSpanId !== '' && !ids.has(parentSpanId))).toEqual([]);
    expect(writes.length).toBeGreaterThan(3);
    for (const write of writes) {
      const path = pathOf(write, trace);
      expect(path.slice(0, 4)).toEqual(['Dataverse updateMultiple', 'slice', 'link-table', 'send link-tasks']);
      expect(path.slice(-5)).toEqual([
        'send link-tasks',
        'run',
        'orchestrate-run',
        'send unification-events',
        'receive-unification-event',
      ]);
    }
  });

  it('keeps the trace in continuations and follow-ups, and has every request to Dataverse in it', () => {
    const trace = traceOf('receive-unification-event');

    const slices = trace.filter(({ name }) => name === 'slice').map(({ attributes }) => attributes);
    // Once a day the watch looks by itself for tables that nobody links.
    const ofWatch = new Set(traceOf('watch-runs'));
    const requests = receiver.spans.filter((span) => span.name.startsWith('Dataverse ') && !ofWatch.has(span));

    expect(slices.map(({ slice }) => slice)).toEqual(expect.arrayContaining(['0.0.0', '0.1.0', '1.0.0']));
    expect(requests.length).toBeGreaterThan(100);
    for (const { traceId, kind, attributes } of requests) {
      expect({ traceId, kind }).toEqual({ traceId: trace[0]?.traceId, kind: 3 });
      expect(clientIds).toContain(attributes.identity);
    }
  });

  it('has each metric that the program declares, with its unit and its attributes', async () => {
    for (const [metric, { kind, unit }] of Object.entries(instruments)) {
      // Told where somebody has damaged the state.
      if (metric === 'backstamp.unreadable_documents') continue;
      const points = receiver.points.filter((point) => point.metric === metric);
      expect(points.length, metric).toBeGreaterThan(0);
      for (const point of points) {
        const attributes = attributesOf[metric as keyof typeof attributesOf].toSorted();
        expect({ metric, attributes: Object.keys(point.attributes).toSorted() }).toEqual({ metric, attributes });
        expect(point.unit).toBe(unit);
        expect(point.kind).toBe(kind === 'counter' ? 'sum' : kind);
      }
    }
  });

  it('has each metric that a query of the workbook or an alert names', () => {
    const folder = join(import.meta.dirname, '..', '..', 'infra', 'queries');
    const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
    const named = new Set(texts.flatMap((text) => [...text.matchAll(/'(backstamp\.[^']*)'/g)].map(([, name]) => name)));

    const received = new Set<string | undefined>(receiver.points.map(({ metric }) => metric));

    expect(named.size).toBeGreaterThan(10);
    expect([...named].filter((name) => !received.has(name))).toEqual([]);
  });

  it('counts rows as the run does', () => {
    for (const { table, counters } of run.tasks) {
      const { read: _, waiting: __, failed: ___, ...settled } = counters;
      for (const [outcome, rows] of Object.entries(settled)) {
        const counted = receiver.points.filter(
          ({ metric, attributes }) =>
            metric === 'backstamp.rows' && attributes.table === table && attributes.outcome === outcome,
        );
        // Sums are cumulative: the last one has them all.
        expect({ table, outcome, rows: counted.at(-1)?.value ?? 0 }).toEqual({ table, outcome, rows });
      }
    }
  });

  it('logs with run, table and slice, and the identity that wrote', () => {
    const writes = receiver.logs.filter(({ body }) => body === 'Dataverse took a write');
    const refusals = receiver.logs.filter(({ body }) => body === 'Dataverse refused a request');

    expect(writes.length).toBeGreaterThan(3);
    expect(refusals.map(({ attributes }) => attributes.code)).toContain('0x80040265');
    for (const { attributes, traceId } of [...writes, ...refusals]) {
      expect(attributes).toMatchObject({ runId: run.runId, slice: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
      expect(run.tables).toContain(attributes.table);
      expect(clientIds).toContain(attributes.identity);
      expect(traceId).toBe(traceOf('receive-unification-event')[0]?.traceId);
    }
    // The host has the same lines, with all of it in their text.
    const line = stack.log.find((text) => text.includes('link-table: Dataverse took a write'));
    expect(line).toContain(`"runId":"${run.runId}"`);
    expect(line).toMatch(/"table":"\w+","slice":"\d+\.\d+\.\d+".*"identity":"11111111-/);
  });

  it('says who sends', () => {
    expect(receiver.resources.length).toBeGreaterThan(5);
    for (const resource of receiver.resources) {
      expect(resource).toMatchObject({ 'service.name': 'backstamp', 'service.instance.id': expect.any(String) });
    }
  });

  describe('personal data', () => {
    /** What a row tells of a person; each at least five characters, and none of them a word of the program. */
    const personal = ['fullname', 'firstname', 'lastname', 'emailaddress1', 'emailaddress', 'telephone1'];
    const valuesOf = (row: Readonly<Record<string, unknown>>): string[] =>
      personal
        .map((column) => row[column])
        .filter((value) => typeof value === 'string' && value.length >= 5) as string[];

    it('of the refused row reaches the operator who asks for it', async () => {
      const answer = await stack.call(`/api/runs/${run.runId}/tables/contact/rows?outcome=failed`);

      expect(await answer.text()).toContain(String(refusedRow.emailaddress1));
    });

    it('of any row is in no span, metric or log', () => {
      const sent = [...receiver.bodies, ...stack.log.filter((line) => line.startsWith('host: '))].join('\n');
      const values = new Set(
        organisation.tables.flatMap(({ logicalName }) => [...organisation.rowsOf(logicalName)].flatMap(valuesOf)),
      );

      expect(values.size).toBeGreaterThan(1_000);
      expect(sent.length).toBeGreaterThan(100_000);
      expect([...values].filter((value) => sent.includes(value))).toEqual([]);
    });
  });
});
