import { ManagedIdentityCredential } from '@azure/identity';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Settings } from '../settings.ts';

/** Where telemetry goes; one of each kind per receiver. */
export interface Exporters {
  readonly spans: readonly SpanExporter[];
  readonly metrics: readonly PushMetricExporter[];
  /** Empty for Application Insights: the host sends the lines it is given there by itself. */
  readonly logs: readonly LogRecordExporter[];
}

/** The settings that say where telemetry goes. */
export type ExporterSettings = Pick<
  Settings,
  | 'APPLICATIONINSIGHTS_CONNECTION_STRING'
  | 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
  | 'OTEL_EXPORTER_OTLP_ENDPOINT'
  | 'AZURE_CLIENT_ID'
>;

/** Opens an exporter for each receiver that the settings name. Each is loaded only where it is used. */
export async function openExporters(settings: ExporterSettings): Promise<Exporters> {
  const opened = await Promise.all([openAzureMonitor(settings), openOtlp(settings.OTEL_EXPORTER_OTLP_ENDPOINT)]);
  return {
    spans: opened.flatMap(({ spans }) => spans),
    metrics: opened.flatMap(({ metrics }) => metrics),
    logs: opened.flatMap(({ logs }) => logs),
  };
}

const none: Exporters = { spans: [], metrics: [], logs: [] };

async function openAzureMonitor(settings: ExporterSettings): Promise<Exporters> {
  const connectionString = settings.APPLICATIONINSIGHTS_CONNECTION_STRING;
  if (connectionString === undefined) return none;
  const { AzureMonitorTraceExporter, AzureMonitorMetricExporter } = await import(
    '@azure/monitor-opentelemetry-exporter'
  );
  const credential = azureMonitorCredential(settings);
  const options = { connectionString, ...(credential === undefined ? {} : { credential }) };
  return {
    spans: [new AzureMonitorTraceExporter(options)],
    metrics: [new AzureMonitorMetricExporter(options)],
    logs: [],
  };
}

/** The identity that the host sends with too: `ClientId=<id>;Authorization=AAD`, the id left out for the system's own. */
function azureMonitorCredential(settings: ExporterSettings): ManagedIdentityCredential | undefined {
  const parts = (settings.APPLICATIONINSIGHTS_AUTHENTICATION_STRING ?? '').split(';').map((part) => part.trim());
  const value = (name: string): string | undefined =>
    parts.find((part) => part.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  if (value('authorization')?.toUpperCase() !== 'AAD') return undefined;
  const clientId = value('clientid');
  return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}

async function openOtlp(endpoint: string | undefined): Promise<Exporters> {
  if (endpoint === undefined) return none;
  const [{ OTLPTraceExporter }, { OTLPMetricExporter }, { OTLPLogExporter }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
    import('@opentelemetry/exporter-logs-otlp-http'),
  ]);
  const root = endpoint.replace(/\/+$/, '');
  return {
    spans: [new OTLPTraceExporter({ url: `${root}/v1/traces` })],
    metrics: [new OTLPMetricExporter({ url: `${root}/v1/metrics` })],
    logs: [new OTLPLogExporter({ url: `${root}/v1/logs` })],
  };
}
