import { parseArgs } from 'node:util';
import { outcomeSchema } from '../shared/api/schemas.ts';
import { modeSchema } from '../shared/contracts/status.ts';
import type { RowOutcome } from '../shared/state/row-outcomes.ts';
import { type GrantCommand, type RevokeCommand, toGrantCommand, toRevokeCommand } from './grant/grant-arguments.ts';
import { UsageError } from './usage.ts';

/** What the words on the command line ask for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'status' | 'discover' | 'doctor' }
  | { readonly name: 'runs'; readonly limit: number }
  | { readonly name: 'segments'; readonly refresh: boolean }
  | { readonly name: 'show' | 'cancel'; readonly run: string }
  | { readonly name: 'profile'; readonly table: string; readonly id: string }
  | {
      readonly name: 'run';
      readonly mode: 'incremental' | 'full' | 'orphans' | 'rehearsal';
      readonly tables: readonly string[];
      /** What the operator permits: more changes of links than the safety limits allow, and owners as rehearsed. */
      readonly beyondLimits: boolean;
      readonly giveOwners: boolean;
      readonly wait: boolean;
    }
  | {
      readonly name: 'rows';
      readonly run: string;
      readonly table: string;
      readonly outcome: RowOutcome['outcome'] | undefined;
      readonly search: string | undefined;
      readonly limit: number;
      readonly csv: boolean;
    }
  | GrantCommand
  | RevokeCommand;

export interface Arguments {
  readonly command: Command;
  readonly url: string;
  readonly json: boolean;
}

const options = {
  url: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  limit: { type: 'string' },
  mode: { type: 'string' },
  table: { type: 'string', multiple: true },
  'beyond-limits': { type: 'boolean', default: false },
  'give-owners': { type: 'boolean', default: false },
  // One word for both, until 0.1.
  confirm: { type: 'boolean', default: false },
  wait: { type: 'boolean', default: false },
  outcome: { type: 'string' },
  search: { type: 'string' },
  csv: { type: 'boolean', default: false },
  refresh: { type: 'boolean', default: false },
  'url-dataverse': { type: 'string' },
  'client-id': { type: 'string', multiple: true },
  bypass: { type: 'boolean', default: false },
  'business-units': { type: 'boolean', default: false },
  ownership: { type: 'boolean', default: false },
  print: { type: 'boolean', default: false },
  'writer-id': { type: 'string', multiple: true },
  drop: { type: 'string', multiple: true },
  'other-holder': { type: 'string', multiple: true },
  installation: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
} as const;

/** Options of each command; any other is refused rather than passed over. */
const optionsOf: Readonly<Record<string, readonly string[]>> = {
  status: [],
  runs: ['limit'],
  show: [],
  run: ['mode', 'table', 'beyond-limits', 'give-owners', 'wait'],
  rehearse: ['table', 'wait'],
  cancel: [],
  rows: ['outcome', 'search', 'limit', 'csv'],
  profile: [],
  segments: ['refresh'],
  discover: [],
  doctor: [],
  grant: [
    ...['url-dataverse', 'client-id', 'writer-id', 'table', 'drop', 'other-holder', 'installation'],
    ...['bypass', 'business-units', 'ownership', 'print', 'dry-run', 'check'],
  ],
  revoke: ['url-dataverse', 'client-id', 'writer-id', 'installation', 'dry-run'],
};
const everywhere = ['url', 'json', 'help'];

/** How many words follow a command's name. */
const wordsOf: Readonly<Record<string, readonly string[]>> = {
  show: ['run'],
  cancel: ['run'],
  rows: ['run', 'table'],
  profile: ['table', 'id'],
};

interface Environment {
  readonly BACKSTAMP_URL?: string;
  readonly DATAVERSE_URL?: string;
}

/** @throws UsageError */
export function parseArguments(words: readonly string[], environment: Environment): Arguments {
  const { values, positionals, given } = parse(words);
  const url = rootOf(values.url ?? environment.BACKSTAMP_URL ?? 'http://127.0.0.1:7071');
  const [name, ...rest] = positionals;
  if (values.help || name === 'help') return { command: { name: 'help' }, url, json: values.json };
  const known = name === undefined ? undefined : optionsOf[name];
  if (name === undefined || known === undefined) {
    throw new UsageError(name === undefined ? 'Which command?' : `There is no command "${name}".`);
  }
  if (values.confirm) {
    throw new UsageError(
      '--confirm meant two things: say --beyond-limits to clear more orphans than the safety limit allows, --give-owners to write owners as the last rehearsal showed them.',
    );
  }
  const odd = given.find((option) => !known.includes(option) && !everywhere.includes(option));
  if (odd !== undefined) throw new UsageError(`"${name}" has no option --${odd}.`);
  const wanted = wordsOf[name] ?? [];
  if (rest.length !== wanted.length) {
    const needed = wanted.length === 0 ? 'no further word' : wanted.map((word) => `<${word}>`).join(' and ');
    throw new UsageError(`"${name}" takes ${needed}.`);
  }
  return { command: toCommand(name, rest, values, environment), url, json: values.json };
}

function parse(words: readonly string[]) {
  try {
    const { values, positionals, tokens } = parseArgs({
      args: [...words],
      options,
      allowPositionals: true,
      tokens: true,
    });
    return { values, positionals, given: tokens.filter((token) => token.kind === 'option').map((token) => token.name) };
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0] ?? '');
  }
}

type Values = ReturnType<typeof parse>['values'];

function toCommand(name: string, words: readonly string[], values: Values, environment: Environment): Command {
  const [run = '', table = ''] = words;
  const tables = values.table ?? [];
  switch (name) {
    case 'runs':
      return { name, limit: limitOf(values.limit, 20) };
    case 'show':
    case 'cancel':
      return { name, run };
    case 'run': {
      const mode = modeSchema.exclude(['rehearsal']).safeParse(values.mode ?? 'incremental');
      if (!mode.success) throw new UsageError(`--mode ${values.mode}: must be incremental, full or orphans.`);
      const permits = { beyondLimits: values['beyond-limits'], giveOwners: values['give-owners'] };
      return { name, mode: mode.data, tables, ...permits, wait: values.wait };
    }
    case 'rehearse':
      return { name: 'run', mode: 'rehearsal', tables, beyondLimits: false, giveOwners: false, wait: values.wait };
    case 'profile': {
      const [source = '', id = ''] = words;
      return { name, table: source, id };
    }
    case 'rows': {
      const outcome = outcomeSchema.optional().safeParse(values.outcome);
      if (!outcome.success) {
        throw new UsageError(`--outcome ${values.outcome}: must be one of ${outcomeSchema.options.join(', ')}.`);
      }
      const limit = limitOf(values.limit, values.csv ? Number.POSITIVE_INFINITY : 100);
      return { name, run, table, outcome: outcome.data, search: values.search, limit, csv: values.csv };
    }
    case 'segments':
      return { name, refresh: values.refresh };
    case 'grant':
      return toGrantCommand(values, environment);
    case 'revoke':
      return toRevokeCommand(values, environment);
    default:
      return { name: name as 'status' | 'discover' | 'doctor' };
  }
}

function limitOf(text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new UsageError(`--limit ${text}: must be a whole number from 1.`);
  return number;
}

function rootOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `--url ${text}: must be the root of the app, such as https://contoso-backstamp.azurewebsites.net.`,
    );
  }
  if (url.search !== '' || url.username !== '') {
    throw new UsageError('--url: must be the root of the app alone; the key goes into BACKSTAMP_KEY.');
  }
  return url.href.replace(/\/+$/, '').replace(/\/api$/, '');
}
