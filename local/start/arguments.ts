import { parseArgs } from 'node:util';
import { logicalNameSchema } from '../../shared/contracts/unification-setup.ts';
import { settingsSchema } from '../../shared/settings.ts';

/** Thrown for words on the command line that cannot be followed; `message` is one line with the remedy. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export interface StartArguments {
  /** Ends when all is done, instead of staying up. */
  readonly exit: boolean;
  /** Source rows of the generated organisation. */
  readonly rows: number;
  /** Root address of a real organisation, to rehearse on; nothing is written to it. */
  readonly organisation: string | undefined;
  /** Only these tables of it; all that were found where empty. */
  readonly tables: readonly string[];
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

export const usage = `npm start -- [--exit] [--rows N | --data DIR | --organisation URL [--table T]...] [--port-host N] [--port-dataverse N] [--port-broker N] [--port-broker-control N] [--port-tables N]`;

/** @throws UsageError */
export function parseStartArguments(words: readonly string[]): StartArguments {
  let values: Record<string, string | boolean | string[] | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...words],
      options: {
        exit: { type: 'boolean', default: false },
        rows: { type: 'string' },
        data: { type: 'string' },
        organisation: { type: 'string' },
        table: { type: 'string', multiple: true },
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
  const { organisation, table = [] } = values;
  if (organisation !== undefined && (values.rows !== undefined || values.data !== undefined)) {
    throw new UsageError('--organisation excludes --rows and --data: it has rows of its own.');
  }
  const tables = [table].flat().map(String);
  if (tables.length > 0 && organisation === undefined) throw new UsageError('--table goes with --organisation.');
  const odd = tables.find((name) => !logicalNameSchema.safeParse(name).success);
  if (odd !== undefined) throw new UsageError(`--table ${odd}: must be a logical name, such as contact.`);
  const port = (name: string) => wholeNumber(`port-${name}`, String(values[`port-${name}`]), 0, 65_535);
  return {
    exit: values.exit === true,
    rows: values.rows === undefined ? defaultRows : wholeNumber('rows', String(values.rows), 100, maxRows),
    organisation: organisation === undefined ? undefined : rootOf(String(organisation)),
    tables,
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

/** @throws UsageError */
function rootOf(text: string): string {
  const url = settingsSchema.shape.DATAVERSE_URL.safeParse(text);
  if (url.success) return url.data;
  throw new UsageError(`--organisation ${text}: ${url.error.issues.map(({ message }) => message).join(', ')}.`);
}
