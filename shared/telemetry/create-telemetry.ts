import { hostname } from 'node:os';
import type { Settings } from '../settings.ts';
import { consoleTelemetry } from './console-telemetry.ts';
import { DeferredTelemetry } from './deferred-telemetry.ts';
import type { Telemetry } from './telemetry.ts';

/** What Azure tells a function app of itself, in its environment. */
export interface Platform {
  readonly WEBSITE_SITE_NAME?: string | undefined;
  readonly WEBSITE_INSTANCE_ID?: string | undefined;
}

/**
 * The telemetry that the settings ask for: Application Insights, an OTLP receiver, both, or the log alone. Nothing of
 * OpenTelemetry is loaded before the first invocation, and without a receiver never.
 */
export function createTelemetry(settings: Settings, platform: Platform): Telemetry {
  const hostReports = settings.APPLICATIONINSIGHTS_CONNECTION_STRING !== undefined;
  if (!hostReports && settings.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return consoleTelemetry;
  return new DeferredTelemetry(consoleTelemetry, async () => {
    const [{ openExporters }, { OpenTelemetry }, { hearComplaints }] = await Promise.all([
      import('./exporters.ts'),
      import('./open-telemetry.ts'),
      import('./complaints.ts'),
    ]);
    hearComplaints();
    return new OpenTelemetry({ exporters: await openExporters(settings), resource: resourceOf(platform), hostReports });
  });
}

function resourceOf({ WEBSITE_SITE_NAME, WEBSITE_INSTANCE_ID }: Platform): Record<string, string> {
  return {
    // The role name that the host reports with, too.
    'service.name': WEBSITE_SITE_NAME ?? 'backstamp',
    // Several workers may share a machine: their sums must not be taken for one another's.
    'service.instance.id': `${WEBSITE_INSTANCE_ID ?? hostname()}-${process.pid}`,
  };
}
