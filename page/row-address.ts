/** A row as somebody names it: by its id, or by the address of its form or of the Web API. */
export interface NamedRow {
  readonly id: string;
  /** Undefined where what was given does not tell it. */
  readonly table: string | undefined;
}

export type Reading = NamedRow | { readonly problem: string };

const guid = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/i;
const onlyGuid = new RegExp(`^[{(]?${guid.source}[)}]?$`, 'i');

/**
 * Reads what was typed or pasted.
 * @param tables source tables, by which an entity set of the Web API is recognised
 * @param organisation root address of the organisation; an address of another one is refused
 */
export function readRowName(text: string, tables: readonly string[], organisation: string): Reading {
  const given = text.trim();
  if (onlyGuid.test(given)) return { id: plainId(given), table: undefined };
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    return {
      problem:
        'That is neither an id, such as 01234567-89ab-cdef-0123-456789abcdef, nor an address of a row in Dynamics.',
    };
  }
  if (plainHost(url.host) !== plainHost(new URL(organisation).host)) {
    return { problem: `That address is of ${url.host}; this app is about ${new URL(organisation).host}.` };
  }
  return (
    readForm(url) ??
    readWebApi(url, tables) ?? { problem: 'That address names no row: open the row, and copy its address.' }
  );
}

/** `main.aspx?…&etn=contact&id=…`, in a model-driven app or without one. */
function readForm(url: URL): NamedRow | undefined {
  const given = new URLSearchParams(url.search);
  // Older addresses have their parameters in one, encoded once more.
  for (const [name, value] of new URLSearchParams(given.get('extraqs') ?? '')) given.append(name, value);
  const id = guid.exec(given.get('id') ?? '')?.[0];
  return id === undefined ? undefined : { id: plainId(id), table: given.get('etn')?.toLowerCase() };
}

/** `/api/data/v9.2/contacts(…)`: the entity set is the table's name in the plural. */
function readWebApi({ pathname }: URL, tables: readonly string[]): NamedRow | undefined {
  const [, set, inBrackets = ''] = /\/api\/data\/v[\d.]+\/(\w+)\(([^)]*)\)/i.exec(decodeURIComponent(pathname)) ?? [];
  const id = guid.exec(inBrackets)?.[0];
  if (set === undefined || id === undefined) return undefined;
  return { id: plainId(id), table: tables.find((table) => pluralsOf(table).includes(set.toLowerCase())) };
}

const pluralsOf = (table: string): string[] => [`${table}s`, `${table}es`, table.replace(/y$/, 'ies')];

/** The Web API may have a host of its own: `contoso.api.crm.dynamics.com`. */
const plainHost = (host: string): string => host.toLowerCase().replace('.api.', '.');

/** In lower case, with dashes and without braces. */
const plainId = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^0-9a-f]/g, '')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Where a row opens in Dynamics. */
export const rowUrl = (organisation: string, table: string, id: string): string =>
  `${organisation}/main.aspx?pagetype=entityrecord&etn=${encodeURIComponent(table)}&id=${encodeURIComponent(id)}`;
