import type { Attributes, LogLevel, Telemetry } from './telemetry.ts';

const write: Record<LogLevel, (line: string) => void> = {
  debug: (line) => console.debug(line),
  info: (line) => console.info(line),
  warn: (line) => console.warn(line),
  error: (line) => console.error(line),
};

/** Logs as one line each, message first and attributes as JSON: the host forwards what the worker prints. */
export const consoleTelemetry: Telemetry = {
  count() {},
  record() {},
  log(level, message, attributes?: Attributes) {
    write[level](attributes === undefined ? message : `${message} ${JSON.stringify(attributes)}`);
  },
};
