import { badRequest } from '../errors.ts';

/** One navigation property of an `$expand` with the options in its brackets. */
export interface ExpandItem {
  readonly navigation: string;
  /** Options by name, e.g. `$select`. */
  readonly options: ReadonlyMap<string, string>;
  /** What stands in the brackets, with `&` between options, as a link repeats it. */
  readonly query: string;
}

/** Names of a `$select`; `undefined` if there is none, which means every column. */
export function parseSelect(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw badRequest(`The $select '${text}' has an empty name.`);
  return names.includes('*') ? undefined : names;
}

/** Parses an `$expand`, e.g. `owner($select=fullname;$filter=isdisabled eq false),parent`. */
export function parseExpand(text: string | undefined): ExpandItem[] {
  if (text === undefined || text === '') return [];
  return splitOutside(text, ',').map((item) => {
    const open = item.indexOf('(');
    if (open < 0) return { navigation: item.trim(), options: new Map(), query: '' };
    if (!item.trimEnd().endsWith(')')) throw badRequest(`The $expand '${text}' is not well formed.`);
    const inner = splitOutside(item.slice(open + 1, item.lastIndexOf(')')), ';').filter((option) => option !== '');
    const options = inner.map((option): [string, string] => {
      const equals = option.indexOf('=');
      return [option.slice(0, equals).trim(), option.slice(equals + 1)];
    });
    return { navigation: item.slice(0, open).trim(), options: new Map(options), query: inner.join('&') };
  });
}

/** Splits at a separator that stands in no brackets and no string literal. */
export function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "'") quoted = !quoted;
    else if (quoted) continue;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === separator && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
