import type { Invocation, LogLevel } from '../../shared/telemetry/telemetry.ts';

/** Traceparents of the host's own span and of whoever sent the message, in one trace, as the host gives them. */
export const traceId = '0af7651916cd43dd8448eb211c80319c';
export const hostSpanId = 'b7ad6b7169203331';
export const senderSpanId = '00f067aa0ba902b7';

/** A call of a function by the host, and the lines that were logged in it. */
export function invocationWithLog(change: Partial<Invocation> = {}): { invocation: Invocation; lines: string[] } {
  const lines: string[] = [];
  const write = (level: LogLevel) => (line: string) => {
    lines.push(`${level}: ${line}`);
  };
  return {
    lines,
    invocation: {
      name: 'link-table',
      id: 'invocation-1',
      // The host's flag says "not sampled".
      hostSpan: `00-${traceId}-${hostSpanId}-00`,
      sender: `00-${traceId}-${senderSpanId}-00`,
      hostLog: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      ...change,
    },
  };
}
