import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { infraFolder, missing, ofType, onlyOne, type PredictedResource, predictResources } from './bicep-compiler.ts';
import { attributesOf } from './emitted-metrics.ts';
import { analyse } from './kusto.ts';
import { plain } from './sample-deployments.ts';

const folder = join(infraFolder, 'queries');
const queries = readdirSync(folder)
  .filter((file) => file.endsWith('.kql'))
  .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
/** A workbook puts the step that suits its time range in the place of this. */
const withStep = (text: string): string => filledIn(text).replaceAll('{TimeRange:grain}', '15m');
/** The template puts names in the place of these. */
const filledIn = (text: string): string =>
  text.replaceAll('{appName}', 'func-backstamp').replaceAll('{serviceBusName}', 'sb-backstamp');
const attributes: Readonly<Record<string, readonly string[]>> = attributesOf;

describe.each(queries)('query $file', ({ text }) => {
  const metrics = [...text.matchAll(/'(backstamp\.[^']*)'/g)].map(([, name]) => name ?? '');

  it('parses, and names only columns that Application Insights has', () => {
    expect(analyse(withStep(text)).faults).toEqual([]);
  });

  it('names only metrics that the program emits', () => {
    expect(metrics.filter((metric) => !(metric in attributes))).toEqual([]);
    expect(metrics.length > 0, 'a query over AppMetrics names its metrics').toBe(text.includes('AppMetrics'));
  });

  it('names only attributes of those metrics', () => {
    const known = new Set(metrics.flatMap((metric) => attributes[metric] ?? []));

    const used = [...text.matchAll(/Properties\.(\w+)/g)].map(([, name]) => name ?? '');

    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the analyser', () => {
  it('finds a column that does not exist, and a query that does not parse', () => {
    expect(analyse("AppMetrics | where Nmae == 'x'").faults).toHaveLength(1);
    expect(analyse('AppMetrics | summarise count()').faults).not.toEqual([]);
  });
});

describe('the deployed queries', () => {
  interface Rule {
    criteria: { allOf: [{ query: string; metricMeasureColumn: string }] };
  }
  let resources: readonly PredictedResource[] = [];

  beforeAll(async () => {
    if (!missing) resources = await predictResources(plain);
  });

  it('are these, each in an alert or the workbook', ({ skip }) => {
    if (missing) skip(missing);
    const inAlerts = rules().map(({ criteria }) => criteria.allOf[0].query);
    const workbook = String(onlyOne(resources, 'Microsoft.Insights/workbooks').properties.serializedData);

    // The workbook is JSON with a reference in it, hence not evaluated: its queries are found as written.
    const unused = queries.filter(
      ({ text }) => !inAlerts.includes(ofApp(text)) && !workbook.includes(quoted(ofApp(text))),
    );

    expect(unused.map(({ file }) => file)).toEqual([]);
  });

  it('ask for this app’s telemetry alone, as others may send to the same workspace', () => {
    const tables = /\b(AppMetrics|AppTraces|AppExceptions|AppRequests|AzureMetrics)\b/g;
    const own = /AppRoleName == '\{appName\}'|Resource =~ '\{serviceBusName\}'/g;

    const foreign = queries.filter(({ text }) => {
      const code = text.replaceAll(/^\/\/.*$/gm, '');
      return (code.match(tables) ?? []).length !== (code.match(own) ?? []).length;
    });

    expect(foreign.map(({ file }) => file)).toEqual([]);
  });

  it('answer each alert with its measure', ({ skip }) => {
    if (missing) skip(missing);
    for (const { criteria } of rules()) {
      const [{ query, metricMeasureColumn }] = criteria.allOf;

      const { columns } = analyse(query);

      expect(columns).toContain(metricMeasureColumn);
    }
  });

  const rules = (): Rule[] =>
    ofType(resources, 'Microsoft.Insights/scheduledQueryRules').map(({ properties }) => properties as unknown as Rule);
  /** As a deployed alert has it. */
  const ofApp = (text: string): string =>
    text
      .replaceAll('{appName}', onlyOne(resources, 'Microsoft.Web/sites').name)
      .replaceAll('{serviceBusName}', onlyOne(resources, 'Microsoft.ServiceBus/namespaces').name);
  /** As an ARM expression writes text. */
  const quoted = (text: string): string => text.replaceAll("'", "''");
});
