import { badRequest, DataverseError } from '../errors.ts';
import { type ColumnType, toJson } from '../metadata/column.ts';
import type { Value } from '../store/value.ts';
import type { Operand, Predicate, Resolve } from './filter-compile.ts';
import { splitOutside } from './select-expand.ts';

/** No aggregate goes over more rows. */
const MOST_AGGREGATED = 50_000;
const METHODS = ['sum', 'max', 'min', 'average', 'countdistinct'] as const;
/** `count` counts rows, `countcolumn` those with a value; FetchXML alone has the latter. */
export type Method = (typeof METHODS)[number] | 'count' | 'countcolumn';

/** A parsed `$apply`: an optional filter, columns to group by, and what to compute for each group. */
export interface Aggregation {
  readonly filter: string | undefined;
  readonly groupBy: readonly string[];
  readonly computed: readonly { readonly method: Method; readonly path: string; readonly alias: string }[];
}

/** Parses `groupby((a,b),aggregate($count as n))`, `aggregate(…)`, each after an optional `filter(…)/`. */
export function parseApply(text: string): Aggregation {
  const steps = splitOutside(text, '/').map((step) => step.trim());
  const filter = bracketed(steps[0], 'filter');
  const [main, surplus] = filter === undefined ? steps : steps.slice(1);
  if (surplus !== undefined) throw badRequest(`$apply '${text}' is not supported.`);
  const groups = bracketed(main, 'groupby');
  if (groups === undefined) {
    const computed = bracketed(main, 'aggregate');
    if (computed === undefined) throw badRequest(`$apply '${text}' is not supported.`);
    return { filter, groupBy: [], computed: parseComputed(computed) };
  }
  const [columns, inner] = splitOutside(groups, ',');
  const groupBy = /^\((.*)\)$/s.exec((columns ?? '').trim())?.[1];
  if (groupBy === undefined) throw badRequest(`$apply '${text}' is not well formed.`);
  const computed = inner === undefined ? [] : parseComputed(bracketed(inner.trim(), 'aggregate') ?? '');
  return { filter, groupBy: groupBy.split(',').map((name) => name.trim()), computed };
}

/** Computes the groups; more rows than the service takes are refused. */
export function aggregate<Row>(
  rows: Iterable<Row>,
  matches: Predicate<Row> | undefined,
  aggregation: Aggregation,
  resolve: Resolve<Row>,
): Record<string, unknown>[] {
  const keys = aggregation.groupBy.map((path) => ({ path, operand: resolve(path) }));
  const columns = aggregation.computed.map((one) => ({
    ...one,
    operand: one.method === 'count' ? undefined : resolve(one.path),
  }));
  const groups = new Map<string, { shown: Record<string, unknown>; values: Value[][]; count: number }>();
  let total = 0;
  for (const row of rows) {
    if (matches && !matches(row)) continue;
    if (++total > MOST_AGGREGATED) {
      throw new DataverseError(
        400,
        '0x8004E023',
        'The maximum record limit is exceeded. Reduce the number of records.',
      );
    }
    const cells = keys.map(({ operand }) => operand.get(row));
    const key = JSON.stringify(cells);
    let group = groups.get(key);
    if (!group) {
      const shown = Object.fromEntries(
        keys.map(({ path, operand }, i) => [path, toJson(operand.type, cells[i] ?? null)]),
      );
      group = { shown, values: columns.map(() => []), count: 0 };
      groups.set(key, group);
    }
    group.count++;
    for (const [i, { operand }] of columns.entries()) if (operand) group.values[i]?.push(operand.get(row));
  }
  if (keys.length === 0 && groups.size === 0) groups.set('', { shown: {}, values: columns.map(() => []), count: 0 });
  return [...groups.values()].map(({ shown, values, count }) => ({
    ...shown,
    ...Object.fromEntries(
      columns.map(({ alias, method, operand }, i) => [alias, compute(method, values[i] ?? [], count, operand)]),
    ),
  }));
}

function compute<Row>(
  method: Method,
  all: readonly Value[],
  count: number,
  operand: Operand<Row> | undefined,
): unknown {
  if (method === 'count') return count;
  const values = all.filter((value) => value !== null);
  if (method === 'countcolumn') return values.length;
  if (method === 'countdistinct') return new Set(values).size;
  if (values.length === 0) return null;
  const type: ColumnType = operand?.type ?? 'Double';
  if (method === 'max' || method === 'min') {
    const best = values.reduce((a, b) => ((method === 'max' ? b > a : b < a) ? b : a));
    return toJson(type, best);
  }
  const sum = values.reduce<number>((a, b) => a + Number(b), 0);
  return method === 'sum' ? sum : sum / values.length;
}

function parseComputed(text: string): Aggregation['computed'] {
  return splitOutside(text, ',').map((term) => {
    const match = /^\s*(\S+)(?:\s+with\s+(\S+))?\s+as\s+([A-Za-z_]\w*)\s*$/.exec(term);
    if (!match) throw badRequest(`'${term}' is not a supported aggregation.`);
    const [, path = '', named = '', alias = ''] = match;
    const method = path === '$count' ? 'count' : METHODS.find((known) => known === named);
    if (!method) throw badRequest(`'${term}' is not a supported aggregation.`);
    return { method, path, alias };
  });
}

function bracketed(text: string | undefined, name: string): string | undefined {
  return text?.startsWith(`${name}(`) && text.endsWith(')') ? text.slice(name.length + 1, -1) : undefined;
}
