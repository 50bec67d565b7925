import {
  type Counter,
  type Gauge,
  type Histogram,
  type Meter,
  type Attributes as OtelAttributes,
  type Span as OtelSpan,
  SpanKind as OtelSpanKind,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { type Logger, SeverityNumber } from '@opentelemetry/api-logs';
import { parseTraceParent } from '@opentelemetry/core';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { logTextOf } from '../errors.ts';
import type { Exporters } from './exporter-set.ts';
import { Flusher } from './flusher.ts';
import { instruments } from './instruments.ts';
import { currentScope, inScope, writeLine } from './scope.ts';
import type { Attributes, Invocation, LogLevel, Metric, Span, SpanKind, Telemetry } from './telemetry.ts';

/** A minute: what a chart of a metric can show, and what the alerts count in. */
const metricIntervalMs = 60_000;
/** Spans that wait to be sent: some seconds of the busiest work. */
const maxQueueSize = 8_192;
/** Short, so that a process that is killed takes little with it. */
const spanDelayMs = 2_000;

const spanKinds: Readonly<Record<SpanKind, OtelSpanKind>> = {
  internal: OtelSpanKind.INTERNAL,
  client: OtelSpanKind.CLIENT,
  producer: OtelSpanKind.PRODUCER,
};
const severities: Readonly<Record<LogLevel, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

export interface OpenTelemetryOptions {
  readonly exporters: Exporters;
  /** What sends: `service.name` and the like. */
  readonly resource: Readonly<Record<string, string>>;
  /** Whether the host reports its own spans to the same place: then they are the parents of ours. */
  readonly hostReports: boolean;
}

/** The port on OpenTelemetry: spans, metrics and logs in batches, sent at the end of each invocation at the latest. */
export class OpenTelemetry implements Telemetry {
  readonly #tracerProvider: BasicTracerProvider;
  readonly #meterProvider: MeterProvider;
  readonly #loggerProvider: LoggerProvider;
  readonly #metrics: ReadonlyMap<Metric, Counter | Gauge | Histogram>;
  readonly #logger: Logger;
  readonly #flusher: Flusher;
  readonly #hostReports: boolean;

  constructor({ exporters, resource: attributes, hostReports }: OpenTelemetryOptions) {
    const resource = resourceFromAttributes(attributes);
    this.#hostReports = hostReports;
    this.#tracerProvider = new BasicTracerProvider({
      resource,
      // The host's traceparent says "not sampled" where it only means that it does not sample by that flag: following
      // it would drop everything.
      sampler: new AlwaysOnSampler(),
      spanProcessors: exporters.spans.map(
        (exporter) => new BatchSpanProcessor(exporter, { maxQueueSize, scheduledDelayMillis: spanDelayMs }),
      ),
    });
    this.#meterProvider = meterProvider(exporters, resource);
    this.#metrics = createInstruments(this.#meterProvider.getMeter('backstamp'));
    this.#loggerProvider = new LoggerProvider({
      resource,
      processors: exporters.logs.map((exporter) => new BatchLogRecordProcessor({ exporter, maxQueueSize })),
    });
    this.#logger = this.#loggerProvider.getLogger('backstamp');
    const providers = [this.#tracerProvider, this.#meterProvider, this.#loggerProvider];
    this.#flusher = new Flusher(() => Promise.allSettled(providers.map((provider) => provider.forceFlush())));
  }

  count(metric: Metric, value: number, attributes: Attributes = {}): void {
    this.#record(metric, value, attributes);
  }

  record(metric: Metric, value: number, attributes: Attributes = {}): void {
    this.#record(metric, value, attributes);
  }

  log(level: LogLevel, message: string, attributes: Attributes = {}): void {
    writeLine(level, message, attributes);
    const scope = currentScope();
    this.#logger.emit({
      severityNumber: severities[level],
      severityText: level,
      body: message,
      attributes: known({ ...scope.attributes, ...attributes }),
      ...(scope.context === undefined ? {} : { context: scope.context }),
    });
  }

  span<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>, kind: SpanKind = 'internal') {
    const scope = currentScope();
    return this.#inSpan(
      this.#start(name, attributes, kind),
      { attributes: { ...scope.attributes, ...attributes } },
      work,
    ) satisfies Promise<T>;
  }

  traceParent(): string | undefined {
    return currentScope().traceParent;
  }

  async invocation<T>({ name, id, hostSpan, sender, hostLog }: Invocation, work: () => Promise<T>): Promise<T> {
    const caller = this.#hostReports ? hostSpan : sender;
    const parent = caller === undefined ? null : parseTraceParent(caller);
    const context = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
    // Internal, not server or consumer: the host reports the call itself, and it would be counted twice.
    const span = inScope({ context }, () => this.#start(name, { 'faas.invocation_id': id }, 'internal'));
    try {
      return await this.#inSpan(span, { hostLog }, work);
    } finally {
      await this.#flusher.flush();
    }
  }

  #record(metric: Metric, value: number, attributes: Attributes): void {
    const instrument = this.#metrics.get(metric);
    if (instrument === undefined) return;
    if ('add' in instrument) instrument.add(value, known(attributes));
    else instrument.record(value, known(attributes));
  }

  #start(name: string, attributes: Attributes, kind: SpanKind): OtelSpan {
    const options = { kind: spanKinds[kind], attributes: known(attributes) };
    return this.#tracerProvider.getTracer('backstamp').startSpan(name, options, currentScope().context ?? ROOT_CONTEXT);
  }

  async #inSpan<T>(span: OtelSpan, scope: Parameters<typeof inScope>[0], work: (span: Span) => Promise<T>): Promise<T> {
    const { traceId, spanId, traceFlags } = span.spanContext();
    const traceParent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
    const context = trace.setSpan(currentScope().context ?? ROOT_CONTEXT, span);
    const fail = (message: string): void => {
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    };
    try {
      return await inScope({ ...scope, traceParent, context }, () =>
        work({ set: (attributes) => span.setAttributes(known(attributes)), fail }),
      );
    } catch (error) {
      fail(logTextOf(error));
      throw error;
    } finally {
      span.end();
    }
  }
}

function meterProvider({ metrics }: Exporters, resource: Resource): MeterProvider {
  return new MeterProvider({
    resource,
    readers: metrics.map(
      (exporter) => new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: metricIntervalMs }),
    ),
  });
}

function createInstruments(meter: Meter): ReadonlyMap<Metric, Counter | Gauge | Histogram> {
  const created = new Map<Metric, Counter | Gauge | Histogram>();
  for (const [name, { kind, unit, description, buckets }] of Object.entries(instruments)) {
    const options = { unit, description };
    if (kind === 'counter') created.set(name as Metric, meter.createCounter(name, options));
    else if (kind === 'gauge') created.set(name as Metric, meter.createGauge(name, options));
    else {
      const advice = { explicitBucketBoundaries: [...(buckets ?? [])] };
      created.set(name as Metric, meter.createHistogram(name, { ...options, advice }));
    }
  }
  return created;
}

/** Without the attributes that have no value. */
const known = (attributes: Attributes): OtelAttributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)) as OtelAttributes;
