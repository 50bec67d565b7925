import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { Exporters } from './exporter-set.ts';

/** Exporters to an OTLP receiver, by its root address. */
export function otlpExporters(endpoint: string): Exporters {
  const root = endpoint.replace(/\/+$/, '');
  return {
    spans: [new OTLPTraceExporter({ url: `${root}/v1/traces` })],
    metrics: [new OTLPMetricExporter({ url: `${root}/v1/metrics` })],
    logs: [new OTLPLogExporter({ url: `${root}/v1/logs` })],
  };
}
