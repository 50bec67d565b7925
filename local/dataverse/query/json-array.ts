import { badRequest } from '../errors.ts';

/**
 * Reads the list of an `In` function. OData takes single quotes beside JSON's double ones, but inside a single-quoted value
 * an apostrophe ends it, and what follows is refused with the service's own text.
 */
export function parseValueList(text: string): (string | number | boolean)[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list.map(asValue);
  } catch {
    return parseSingleQuoted(text);
  }
  throw invalid();
}

function asValue(value: unknown): string | number | boolean {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw invalid();
}

function parseSingleQuoted(text: string): string[] {
  const body = /^\s*\[(.*)\]\s*$/s.exec(text)?.[1];
  if (body === undefined) throw invalid();
  const values: string[] = [];
  const item = /\s*(?:'([^']*)'|"([^"]*)")\s*(,|$)/y;
  while (item.lastIndex < body.length) {
    const match = item.exec(body);
    if (!match) throw invalid();
    values.push(match[1] ?? match[2] ?? '');
  }
  return values;
}

const invalid = () =>
  badRequest(
    "Invalid JSON. A comma character ',' was expected in scope 'Array'. Every two elements in an array and properties of an object must be separated by commas.",
  );
