import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';

/** Where telemetry goes; one of each kind per receiver. */
export interface Exporters {
  readonly spans: readonly SpanExporter[];
  readonly metrics: readonly PushMetricExporter[];
  /** Empty for Application Insights: the host sends the lines it is given there by itself. */
  readonly logs: readonly LogRecordExporter[];
}
