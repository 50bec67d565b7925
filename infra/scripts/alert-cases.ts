/**
 * What raises each alert, what must not, and what clears it: rows that the app sends, and the rows that the alert's query
 * makes of them. Runs all of that in a real Log Analytics workspace, of which it reads nothing and writes nothing:
 *
 *     node infra/scripts/alert-cases.ts <workspace's customer id>
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { az } from './azure-cli.ts';

const folder = join(import.meta.dirname, '..', 'queries');
const appName = 'func-backstamp-example';

const sentRowSchema = z.strictObject({
  metric: z.string(),
  sum: z.number(),
  minutesAgo: z.number().positive(),
  /** Which worker sent it. */
  instance: z.string().default('a'),
  /** Values that one row stands for. */
  count: z.number().int().positive().default(1),
  properties: z.record(z.string(), z.union([z.string(), z.number()])),
});
const caseSchema = z.strictObject({
  kind: z.enum(['raises', 'must not', 'clears']),
  case: z.string(),
  rows: z.array(sentRowSchema),
  out: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
});
export type AlertCase = z.infer<typeof caseSchema>;

/** Every alert by name, with its query and its cases. */
export const alerts = readdirSync(folder)
  .flatMap((file) => /^alert-(.+)\.kql$/.exec(file)?.[1] ?? [])
  .map((name) => ({
    name,
    query: readFileSync(join(folder, `alert-${name}.kql`), 'utf8'),
    cases: z.array(caseSchema).parse(JSON.parse(readFileSync(join(folder, `alert-${name}.cases.json`), 'utf8'))),
  }));

const text = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** The query over some rows in the place of the workspace's table. */
export function queryOver(query: string, rows: AlertCase['rows']): string {
  const cells = rows.map(({ metric, sum, minutesAgo, instance, count, properties }) =>
    [
      `real(${minutesAgo})`,
      text(metric),
      `real(${sum})`,
      `real(${sum})`,
      count,
      `dynamic(${JSON.stringify(properties)})`,
      text(appName),
      text(instance),
    ].join(', '),
  );
  const columns =
    'MinutesAgo: real, Name: string, Sum: real, Max: real, ItemCount: int, Properties: dynamic, AppRoleName: string, AppRoleInstance: string';
  return `let AppMetrics = datatable(${columns})[${cells.join(',\n  ')}]\n| extend TimeGenerated = now() - MinutesAgo * 1m;\n${query.replaceAll('{appName}', appName)}`;
}

/** The workspace's rows without what the service adds, numbers as numbers. */
const plainRows = (answer: string): unknown[] =>
  z
    .array(z.record(z.string(), z.unknown()))
    .parse(JSON.parse(answer))
    .map((row) =>
      Object.fromEntries(
        Object.entries(row)
          .filter(([name]) => name !== 'TableName')
          .map(([name, value]) => [
            name,
            typeof value === 'string' && value !== '' && !Number.isNaN(Number(value))
              ? Number(value)
              : value === 'None'
                ? null
                : value,
          ]),
      ),
    )
    .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));

if (import.meta.main) {
  const [workspace] = process.argv.slice(2);
  if (workspace === undefined)
    throw new Error('Name the workspace: az monitor log-analytics workspace show --query customerId');
  for (const { name, query, cases } of alerts) {
    for (const one of cases) {
      const words = ['monitor', 'log-analytics', 'query', '--workspace', workspace, '--output', 'json'];
      const got = plainRows(await az(...words, '--analytics-query', queryOver(query, one.rows)));
      const isRight = isDeepStrictEqual(got, plainRows(JSON.stringify(one.out)));
      console.log(
        `${isRight ? 'right' : 'WRONG'}  ${name}: ${one.case}${isRight ? '' : `\n       got ${JSON.stringify(got)}`}`,
      );
      if (!isRight) process.exitCode = 1;
    }
  }
}
