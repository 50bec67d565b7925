import { beforeAll, describe, expect, it } from 'vitest';
import { type AlertCase, alerts, queryOver } from '../../infra/scripts/alert-cases.ts';
import { missing, ofType, type PredictedResource, predictResources } from './bicep-compiler.ts';
import { attributesOf } from './emitted-metrics.ts';
import { analyse } from './kusto.ts';
import { plain } from './sample-deployments.ts';

/** What an alert rule says of when it fires. */
interface Rule {
  windowSize: string;
  evaluationFrequency: string;
  criteria: {
    allOf: [{ metricMeasureColumn: string; timeAggregation: string; operator: string; threshold: number }];
  };
}

const attributes: Readonly<Record<string, readonly string[]>> = attributesOf;

describe.each(alerts)('the alert $name', ({ query, cases }) => {
  const statements = query.split('\n').filter((line) => !line.startsWith('//'));

  it('is one where and one summarize over one metric of this app', () => {
    expect(statements.join('\n')).toMatch(
      /^AppMetrics\n\| where AppRoleName == '\{appName\}' and Name == 'backstamp\.[\w.]+'[^|\n]*\n\| summarize [^|\n]+\n$/,
    );
  });

  it('has what raises it, what must not, and what clears it', () => {
    expect([...new Set(cases.map(({ kind }) => kind))].toSorted()).toEqual(['clears', 'must not', 'raises']);
    expect(new Set(cases.map(({ case: name }) => name)).size).toBe(cases.length);
  });

  it('has cases of rows as the app sends them and as the query answers', () => {
    const rows = cases.flatMap((one) => one.rows);
    for (const { metric, properties } of rows) {
      expect(query).toContain(`'${metric}'`);
      expect(Object.keys(properties).toSorted()).toEqual(attributes[metric]?.toSorted());
    }
    const { faults, columns } = analyse(queryOver(query, rows));
    expect(faults).toEqual([]);
    for (const { case: name, out } of cases)
      for (const row of out)
        expect({ name, columns: Object.keys(row).toSorted() }).toEqual({ name, columns: columns.toSorted() });
  });
});

describe('the deployed alerts', () => {
  let rules: ReadonlyMap<string, Rule> = new Map();

  beforeAll(async () => {
    if (missing) return;
    const resources: readonly PredictedResource[] = await predictResources(plain);
    rules = new Map(
      ofType(resources, 'Microsoft.Insights/scheduledQueryRules').map(({ name, properties }) => [
        name.replace(/^alert-backstamp-/, '').replace(/-[a-z0-9]{13}$/, ''),
        properties as unknown as Rule,
      ]),
    );
  });

  it('are these, each with a query of its own', ({ skip }) => {
    if (missing) skip(missing);
    expect([...rules.keys()].toSorted()).toEqual(alerts.map(({ name }) => name).toSorted());
  });

  it('fire on what raises them, and on nothing that must not or that clears them', ({ skip }) => {
    if (missing) skip(missing);
    for (const { name, cases } of alerts)
      for (const one of cases)
        expect({ name, case: one.case, fires: fires(one, rules.get(name)) }).toEqual({
          name,
          case: one.case,
          fires: one.kind === 'raises',
        });
  });

  it('look at a window that holds every row of their cases which counts', ({ skip }) => {
    if (missing) skip(missing);
    const minutes: Record<string, number> = { PT15M: 15, PT30M: 30, PT1H: 60, P1D: 1440 };
    for (const { name, cases } of alerts) {
      const window = minutes[rules.get(name)?.windowSize ?? ''];
      for (const { rows } of cases)
        for (const { minutesAgo } of rows) expect(minutesAgo, name).toBeLessThan(window ?? 0);
    }
  });
});

/** Whether the rows that a query answers with fire a rule: Azure takes all rows together, as there are no dimensions. */
function fires({ out }: AlertCase, rule: Rule | undefined): boolean {
  if (rule === undefined) return false;
  const [{ metricMeasureColumn, timeAggregation, operator, threshold }] = rule.criteria.allOf;
  const values = out.map((row) => row[metricMeasureColumn]).filter((value) => typeof value === 'number');
  if (values.length === 0) return false;
  const value = timeAggregation === 'Total' ? values.reduce((sum, one) => sum + one, 0) : Math.max(...values);
  return operator === 'LessThan' ? value < threshold : value > threshold;
}
