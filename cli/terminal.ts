import type { WriteStream } from 'node:tty';
import type { Terminal } from './world.ts';

const usualColumns = 80;

/** The terminal behind a stream; undefined where it is a file or a pipe. NO_COLOR takes colours away, whatever it holds. */
export const terminalOf = (
  stream: Pick<WriteStream, 'isTTY' | 'columns' | 'hasColors'>,
  environment: Readonly<Record<string, string | undefined>>,
): Terminal | undefined =>
  stream.isTTY
    ? { columns: () => stream.columns || usualColumns, isColoured: !environment.NO_COLOR && stream.hasColors() }
    : undefined;
