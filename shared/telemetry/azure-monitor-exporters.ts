import type { HttpClient } from '@azure/core-rest-pipeline';
import { ManagedIdentityCredential } from '@azure/identity';
import { AzureMonitorMetricExporter, AzureMonitorTraceExporter } from '@azure/monitor-opentelemetry-exporter';
import type { Exporters } from './exporter-set.ts';

/**
 * Exporters to Application Insights.
 * @param authentication as the host reads it: `ClientId=<id>;Authorization=AAD`, the id left out for the system's own
 * identity; without it the key in the connection string must do
 * @param httpClient sends in place of Node's own client
 */
export function azureMonitorExporters(
  connectionString: string,
  authentication: string | undefined,
  httpClient: HttpClient | undefined,
): Exporters {
  const credential = credentialOf(authentication);
  const options = {
    connectionString,
    ...(credential === undefined ? {} : { credential }),
    ...(httpClient === undefined ? {} : { httpClient }),
  };
  return {
    spans: [new AzureMonitorTraceExporter(options)],
    metrics: [new AzureMonitorMetricExporter(options)],
    logs: [],
  };
}

function credentialOf(authentication = ''): ManagedIdentityCredential | undefined {
  const parts = authentication.split(';').map((part) => part.trim());
  const value = (name: string): string | undefined =>
    parts.find((part) => part.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  if (value('authorization')?.toUpperCase() !== 'AAD') return undefined;
  const clientId = value('clientid');
  return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}
