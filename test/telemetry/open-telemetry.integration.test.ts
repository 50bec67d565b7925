import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RetryableError } from '../../shared/errors.ts';
import { openExporters } from '../../shared/telemetry/exporters.ts';
import { OpenTelemetry } from '../../shared/telemetry/open-telemetry.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';
import { hostSpanId, invocationWithLog, senderSpanId, traceId } from './recording-telemetry.ts';

describe('telemetry through OpenTelemetry', () => {
  let receiver: OtlpReceiver;

  beforeEach(async () => {
    receiver = await startOtlpReceiver();
  });
  afterEach(() => receiver.close());

  const open = async (hostReports = false): Promise<OpenTelemetry> =>
    new OpenTelemetry({
      exporters: await openExporters({ OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/` }),
      resource: { 'service.name': 'test' },
      hostReports,
    });
  const spanNamed = (name: string) => receiver.spans.find((span) => span.name === name);

  it('has sent all that an invocation recorded when the invocation is over', async () => {
    const telemetry = await open();
    const { invocation } = invocationWithLog();

    await telemetry.invocation(invocation, async () => {
      telemetry.count('backstamp.rows', 3, { table: 'contact', outcome: 'linked' });
      telemetry.count('backstamp.rows', 4, { table: 'contact', outcome: 'linked' });
      telemetry.record('backstamp.pending_rows', 9, { table: 'contact', reason: 'waiting' });
      telemetry.record('backstamp.pending_rows', 5, { table: 'contact', reason: 'waiting' });
      await telemetry.span('slice', { table: 'contact', rows: undefined }, async () => {
        telemetry.log('info', 'Page linked', { rows: 7 });
      });
    });

    expect(receiver.points).toEqual([
      {
        metric: 'backstamp.rows',
        kind: 'sum',
        unit: '{row}',
        value: 7,
        attributes: { table: 'contact', outcome: 'linked' },
      },
      {
        metric: 'backstamp.pending_rows',
        kind: 'gauge',
        unit: '{row}',
        value: 5,
        attributes: { table: 'contact', reason: 'waiting' },
      },
    ]);
    expect(spanNamed('slice')).toMatchObject({ attributes: { table: 'contact' }, isFailed: false });
    expect(receiver.logs).toMatchObject([
      { severity: 'info', body: 'Page linked', traceId, attributes: { table: 'contact', rows: 7 } },
    ]);
    expect(receiver.logs[0]?.spanId).toBe(spanNamed('slice')?.spanId);
  });

  it.each([
    ['the host reports its spans too: below the span of the host', true, hostSpanId],
    ['nobody reports the span of the host: below the span of the sender', false, senderSpanId],
  ])('continues the trace of the caller, where %s', async (_, hostReports, parentSpanId) => {
    const telemetry = await open(hostReports);
    const { invocation } = invocationWithLog();

    await telemetry.invocation(invocation, async () => {});

    expect(spanNamed('link-table')).toMatchObject({ traceId, parentSpanId });
  });

  it.each([undefined, 'nonsense'])('begins a trace where the caller has none (%s)', async (sender) => {
    const telemetry = await open();
    const { invocation } = invocationWithLog({ sender });

    await telemetry.invocation(invocation, async () => {});

    expect(spanNamed('link-table')?.parentSpanId).toBe('');
  });

  it('gives messages and requests the span that they are sent in', async () => {
    const telemetry = await open();
    const { invocation } = invocationWithLog();
    let sent: string | undefined;

    await telemetry.invocation(invocation, () =>
      telemetry.span(
        'send',
        {},
        async () => {
          sent = telemetry.traceParent();
        },
        'producer',
      ),
    );

    expect(sent).toBe(`00-${traceId}-${spanNamed('send')?.spanId}-01`);
    expect(spanNamed('send')).toMatchObject({ kind: 4, parentSpanId: spanNamed('link-table')?.spanId });
    expect(telemetry.traceParent()).toBeUndefined();
  });

  it('keeps the scopes of work that is done at the same time apart', async () => {
    const telemetry = await open();
    const { invocation, lines } = invocationWithLog();
    const work = (table: string, ms: number) =>
      telemetry.span('slice', { table }, async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        telemetry.log('info', 'Done');
      });

    await telemetry.invocation(invocation, () => Promise.all([work('contact', 20), work('lead', 10)]));

    expect(lines).toEqual(['info: Done {"table":"lead"}', 'info: Done {"table":"contact"}']);
    expect(receiver.logs.map(({ attributes }) => attributes.table)).toEqual(['lead', 'contact']);
  });

  it('marks a span as failed and lets the error through; what the error quotes stays out', async () => {
    const telemetry = await open();
    const { invocation } = invocationWithLog();
    const error = new RetryableError('Jane Doe is busy', { logText: 'busy' });

    const work = telemetry.invocation(invocation, () => Promise.reject(error));

    await expect(work).rejects.toBe(error);
    expect(spanNamed('link-table')?.isFailed).toBe(true);
    expect(receiver.bodies.join()).toContain('"busy"');
    expect(receiver.bodies.join()).not.toContain('Jane');
  });

  it('holds an invocation up for a second at most when the receiver is silent, and then no more for a while', async () => {
    const telemetry = await open();
    const { invocation } = invocationWithLog();
    receiver.isSilent = true;
    const timed = async () => {
      const begun = performance.now();
      await telemetry.invocation(invocation, async () => {});
      return performance.now() - begun;
    };

    const [first, second] = [await timed(), await timed()];

    expect(first).toBeGreaterThan(900);
    expect(second).toBeLessThan(first / 2);
  });
});
