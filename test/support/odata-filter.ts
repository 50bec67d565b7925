/** The part of OData's filter language that linking uses: and, or, parentheses, eq, ne, ge, lt, startswith, paths. */

type Condition = (row: Readonly<Record<string, unknown>>) => boolean;

const token = /\s*('(?:[^']|'')*'|[()]|,|[^\s(),]+)/gy;

/** @throws Error where the filter uses anything else */
export function readFilter(filter: string): Condition {
  const tokens = [...filter.trim().matchAll(token)].map(([, text]) => text ?? '');
  let at = 0;
  const next = (): string => tokens[at++] ?? '';
  const expect = (text: string): void => {
    const found = next();
    if (found !== text) throw new Error(`Filter "${filter}": "${found}" stands where "${text}" should.`);
  };
  const either = (): Condition => {
    const parts = [both()];
    while (tokens[at] === 'or') {
      at++;
      parts.push(both());
    }
    return (row) => parts.some((part) => part(row));
  };
  const both = (): Condition => {
    const parts = [single()];
    while (tokens[at] === 'and') {
      at++;
      parts.push(single());
    }
    return (row) => parts.every((part) => part(row));
  };
  const single = (): Condition => {
    const first = next();
    if (first === '(') {
      const inner = either();
      expect(')');
      return inner;
    }
    if (first === 'startswith') {
      expect('(');
      const path = next();
      expect(',');
      const text = String(literal(next())).toLowerCase();
      expect(')');
      return (row) =>
        String(valueAt(row, path) ?? '')
          .toLowerCase()
          .startsWith(text);
    }
    const operator = next();
    const value = literal(next());
    if (operator === 'eq') return (row) => same(valueAt(row, first), value);
    if (operator === 'ne') return (row) => !same(valueAt(row, first), value);
    if (operator === 'ge') return (row) => String(valueAt(row, first) ?? '') >= String(value);
    if (operator === 'lt') return (row) => String(valueAt(row, first) ?? '') < String(value);
    throw new Error(`Filter "${filter}": operator "${operator}" is not known here.`);
  };
  const condition = either();
  if (at !== tokens.length) throw new Error(`Filter "${filter}" goes on where it should end.`);
  return condition;
}

function literal(text: string): unknown {
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  if (text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

const valueAt = (row: Readonly<Record<string, unknown>>, path: string): unknown =>
  path.split('/').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], row);

const same = (a: unknown, b: unknown): boolean =>
  typeof a === 'string' && typeof b === 'string' ? a.toLowerCase() === b.toLowerCase() : (a ?? null) === b;
