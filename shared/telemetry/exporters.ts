import type { HttpClient } from '@azure/core-rest-pipeline';
import type { Settings } from '../settings.ts';
import type { Exporters } from './exporter-set.ts';

/** The settings that say where telemetry goes. */
export type ExporterSettings = Pick<
  Settings,
  'APPLICATIONINSIGHTS_CONNECTION_STRING' | 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING' | 'OTEL_EXPORTER_OTLP_ENDPOINT'
>;

/**
 * Opens an exporter for each receiver that the settings name. Each is loaded only where it is used: by files of our own,
 * since a bundler does not give the packages' names to whoever imports them dynamically.
 * @param httpClient sends to Application Insights in place of Node's own client; for tests without sockets
 */
export async function openExporters(settings: ExporterSettings, httpClient?: HttpClient): Promise<Exporters> {
  const {
    APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString,
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: authentication,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  } = settings;
  const opened: Exporters[] = [];
  if (connectionString !== undefined) {
    const { azureMonitorExporters } = await import('./azure-monitor-exporters.ts');
    opened.push(azureMonitorExporters(connectionString, authentication, httpClient));
  }
  if (endpoint !== undefined) {
    const { otlpExporters } = await import('./otlp-exporters.ts');
    opened.push(otlpExporters(endpoint));
  }
  return {
    spans: opened.flatMap(({ spans }) => spans),
    metrics: opened.flatMap(({ metrics }) => metrics),
    logs: opened.flatMap(({ logs }) => logs),
  };
}
