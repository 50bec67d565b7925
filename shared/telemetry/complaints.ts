import { DiagLogLevel, diag } from '@opentelemetry/api';

/** The least time between two complaints, in milliseconds. */
const intervalMs = 60_000;

/** Lets OpenTelemetry say that it could not send something: at most once a minute, as a warning on the console. */
export function hearComplaints(): void {
  let last = Number.NEGATIVE_INFINITY;
  const complain = (text: string): void => {
    const now = performance.now();
    if (now - last < intervalMs) return;
    last = now;
    console.warn(`Telemetry: ${text}`);
  };
  const silence = (): void => {};
  diag.setLogger(
    { error: complain, warn: complain, info: silence, debug: silence, verbose: silence },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
