import rhea from 'rhea';
import { z } from 'zod';
import { DEFAULT_RULE, type Rule, RuleSet } from './rules.ts';
import { type SystemProperty, systemPropertyOf } from './sql-expression.ts';

/* The rules of a subscription in the form of the official emulator's Config.json. */

const text = z.string().optional();
const sql = z.strictObject({ SqlExpression: z.string() });

const correlationFilter = z
  .strictObject({
    ContentType: text,
    CorrelationId: text,
    Label: text,
    MessageId: text,
    ReplyTo: text,
    ReplyToSessionId: text,
    SessionId: text,
    To: text,
    Properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  })
  .transform(({ Properties, ...named }): Rule['filter'] => ({
    kind: 'correlation',
    system: new Map(
      Object.entries(named).flatMap(([name, value]): [SystemProperty, string][] => {
        const property = systemPropertyOf(name);
        return property && value !== undefined ? [[property, value]] : [];
      }),
    ),
    properties: new Map(Object.entries(Properties).map(([name, value]) => [name, rhea.types.wrap(value)])),
  }));

const properties = z.discriminatedUnion('FilterType', [
  z.strictObject({
    FilterType: z.literal('Correlation'),
    CorrelationFilter: correlationFilter,
    Action: sql.optional(),
  }),
  z.strictObject({ FilterType: z.literal('Sql'), SqlFilter: sql, Action: sql.optional() }),
]);

/** One declared rule. */
const ruleSchema = z
  .strictObject({ Name: z.string().min(1), Properties: properties })
  .transform(({ Name, Properties }): Rule => {
    const filter =
      Properties.FilterType === 'Sql'
        ? ({ kind: 'sql', expression: Properties.SqlFilter.SqlExpression } as const)
        : Properties.CorrelationFilter;
    return { name: Name, filter, action: Properties.Action?.SqlExpression };
  });

/** The rules that a subscription starts with: those declared, or else the one that lets everything in. */
export const rulesSchema = z.array(ruleSchema).transform((rules, context): readonly Rule[] => {
  try {
    new RuleSet(rules);
  } catch (thrown) {
    context.addIssue({ code: 'custom', message: (thrown as Error).message });
  }
  return rules.length > 0 ? rules : [DEFAULT_RULE];
});
