/** The host's log: one line per record on stdout. */
import { styleText } from 'node:util';

const levels = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'] as const;

/** Level of a record, named as in the Functions host. `none` only filters. */
export type LogLevel = (typeof levels)[number];

const shortNames: Readonly<Record<string, LogLevel>> = { info: 'information', warn: 'warning', silent: 'none' };

/** Reads a level, also in its short form (`info`, `warn`, `silent`); undefined for anything else. */
export function parseLogLevel(text: string): LogLevel | undefined {
  const lower = text.toLowerCase();
  return shortNames[lower] ?? levels.find((level) => level === lower);
}

/** Where records go. */
export interface Log {
  /** @param source - the function's name, or `host` */
  write(level: LogLevel, source: string, message: string): void;
}

const labels: Readonly<Record<LogLevel, string>> = {
  trace: 'trace',
  debug: 'debug',
  information: 'info ',
  warning: styleText('yellow', 'warn '),
  error: styleText('red', 'error'),
  critical: styleText('red', 'fatal'),
  none: '',
};

/**
 * Creates a log that drops what is below `minimum`. A record stays one line: line ends inside it, as in a stack,
 * become ` ⏎ `, so that a reader can tell records apart.
 */
export function createLog(
  minimum: LogLevel,
  writeLine: (line: string) => void,
  now: () => Date = () => new Date(),
): Log {
  return {
    write(level, source, message) {
      if (levels.indexOf(level) < levels.indexOf(minimum) || level === 'none') return;
      const oneLine = message.trimEnd().replace(/\s*\r?\n\s*/g, ' ⏎ ');
      writeLine(`${now().toISOString().slice(11, 23)} ${labels[level]} ${source}: ${oneLine}`);
    },
  };
}
