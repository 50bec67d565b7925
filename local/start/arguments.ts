import { parseArgs } from 'node:util';

/** Thrown for words on the command line that cannot be followed; `message` is one line with the remedy. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export interface StartArguments {
  /** Ends when all is done, instead of staying up. */
  readonly exit: boolean;
  /** Source rows of the generated organisation. */
  readonly rows: number;
  /** Folder with real data, one CSV per table, in place of a generated organisation. */
  readonly data: string | undefined;
  readonly ports: {
    readonly host: number;
    readonly dataverse: number;
    readonly broker: number;
    readonly brokerControl: number;
    readonly tables: number;
  };
}

const defaultRows = 20_000;
const maxRows = 5_000_000;

export const usage = `npm start -- [--exit] [--rows N | --data DIR] [--port-host N] [--port-dataverse N] [--port-broker N] [--port-broker-control N] [--port-tables N]`;

/** @throws UsageError */
export function parseStartArguments(words: readonly string[]): StartArguments {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...words],
      options: {
        exit: { type: 'boolean', default: false },
        rows: { type: 'string' },
        data: { type: 'string' },
        'port-host': { type: 'string', default: '7071' },
        'port-dataverse': { type: 'string', default: '8610' },
        'port-broker': { type: 'string', default: '5672' },
        'port-broker-control': { type: 'string', default: '5300' },
        'port-tables': { type: 'string', default: '10002' },
      },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('.')[0]}. Usage: ${usage}`);
  }
  const wholeNumber = (name: string, text: string, min: number, max: number): number => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new UsageError(`--${name} ${text}: must be a whole number from ${min} to ${max}.`);
    }
    return number;
  };
  if (values.rows !== undefined && values.data !== undefined) {
    throw new UsageError('--rows and --data exclude each other: real data has the size it has.');
  }
  const port = (name: string) => wholeNumber(`port-${name}`, String(values[`port-${name}`]), 0, 65_535);
  return {
    exit: values.exit === true,
    rows: values.rows === undefined ? defaultRows : wholeNumber('rows', String(values.rows), 100, maxRows),
    data: values.data === undefined ? undefined : String(values.data),
    ports: {
      host: port('host'),
      dataverse: port('dataverse'),
      broker: port('broker'),
      brokerControl: port('broker-control'),
      tables: port('tables'),
    },
  };
}
