import { badRequest } from '../errors.ts';

/** What stands behind the `?` of a URL. */
export interface QueryOptions {
  /** Undecoded, for links that repeat it. */
  readonly raw: string;
  /** System options by name, e.g. `$filter`, and others (`fetchXml`, `tag`); decoded. */
  readonly values: ReadonlyMap<string, string>;
  /** Parameter aliases by name, e.g. `@p1`. */
  readonly aliases: ReadonlyMap<string, string>;
}

const UNSUPPORTED = ['$skip', '$search', '$format'];

/** Parses a query string. */
export function parseQueryOptions(raw: string): QueryOptions {
  const values = new Map<string, string>();
  const aliases = new Map<string, string>();
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    (name.startsWith('@') ? aliases : values).set(name, value);
  }
  return { raw, values, aliases };
}

/** Refuses the options of OData that the service does not have. */
export function refuseUnsupportedOptions(options: QueryOptions): void {
  for (const name of UNSUPPORTED) {
    if (options.values.has(name)) throw badRequest(`The query option '${name}' is not supported.`, '0x80060888');
  }
}

/** The query string without the given options, as the client wrote it. */
export function queryWithout(raw: string, ...names: string[]): string {
  return raw
    .split('&')
    .filter((pair) => pair !== '' && !names.includes(decode(pair.split('=', 1)[0] ?? '')))
    .join('&');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.includes('+') ? text.replaceAll('+', ' ') : text);
  } catch {
    throw badRequest(`The URL is not well formed: '${text.slice(0, 100)}'.`);
  }
}
