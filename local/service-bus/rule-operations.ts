import rhea, { type Typed } from 'rhea';
import { faults } from './amqp-fault.ts';
import type { Call, Result } from './management-call.ts';
import { typedMapOf } from './message-codec.ts';
import { asBody, readNumber, readOptionalText, readText } from './request-values.ts';
import type { Rule, RuleFilter } from './rules.ts';
import type { SystemProperty } from './sql-expression.ts';
import type { Subscription } from './subscription.ts';

/*
 * Rules over `$management`. A request describes a rule as a map; the answer to a listing has described lists, by whose
 * descriptors clients tell the kinds of filters apart.
 */

const DESCRIPTOR = {
  rule: 1_335_734_829_060,
  emptyAction: 1_335_734_829_061,
  sqlAction: 1_335_734_829_062,
  sql: 83_483_426_822,
  true: 83_483_426_823,
  correlation: 83_483_426_825,
} as const;

const COMPATIBILITY_LEVEL = 20;

/** A correlation filter's keys in a request, in the order of its fields in an answer. */
const CORRELATION_KEYS: readonly (readonly [key: string, property: SystemProperty])[] = [
  ['correlation-id', 'CorrelationId'],
  ['message-id', 'MessageId'],
  ['to', 'To'],
  ['reply-to', 'ReplyTo'],
  ['label', 'Label'],
  ['session-id', 'SessionId'],
  ['reply-to-session-id', 'ReplyToSessionId'],
  ['content-type', 'ContentType'],
];

const { types } = rhea;

/** What can be asked of a subscription's rules. */
export const ruleOperations: Record<string, (subscription: Subscription, call: Call) => Result> = {
  'add-rule': (subscription, { body, typedBody }) => {
    const description = typedMapOf(typedBody.get('rule-description'));
    const action = expressionOf(description.get('sql-rule-action'));
    subscription.rules.add({ name: readText(body, 'rule-name'), filter: filterOf(description), action });
    return {};
  },
  'remove-rule': (subscription, { body, host }) => {
    const name = readText(body, 'rule-name');
    if (!subscription.rules.remove(name)) throw faults.entityNotFound(host, `${subscription.name}/Rules/${name}`);
    return {};
  },
  'enumerate-rules': (subscription, { body }) => {
    const skip = readNumber(body, 'skip');
    const rules = subscription.rules.list().slice(skip, skip + readNumber(body, 'top'));
    if (rules.length === 0) return undefined;
    return { rules: rules.map((rule) => ({ 'rule-description': describeRule(rule) })) };
  },
};

function expressionOf(typed: Typed | undefined): string | undefined {
  return readOptionalText(asBody({ expression: typedMapOf(typed).get('expression')?.value }), 'expression');
}

function filterOf(description: ReadonlyMap<string, Typed>): RuleFilter {
  const expression = expressionOf(description.get('sql-filter'));
  if (expression !== undefined) return { kind: 'sql', expression };
  const correlation = description.get('correlation-filter');
  if (!correlation) return { kind: 'true' };
  const fields = typedMapOf(correlation);
  const system = new Map<SystemProperty, string>();
  for (const [key, property] of CORRELATION_KEYS) {
    const value: unknown = fields.get(key)?.value;
    if (typeof value === 'string') system.set(property, value);
  }
  return { kind: 'correlation', system, properties: typedMapOf(fields.get('properties')) };
}

const described = (descriptor: number, fields: readonly Typed[]): Typed =>
  types.described(types.wrap_ulong(descriptor), types.wrap_list([...fields]));

const describeRule = ({ name, filter, action }: Rule): Typed =>
  described(DESCRIPTOR.rule, [
    describeFilter(filter),
    action === undefined
      ? described(DESCRIPTOR.emptyAction, [])
      : described(DESCRIPTOR.sqlAction, [types.wrap_string(action), types.wrap_int(COMPATIBILITY_LEVEL)]),
    types.wrap_string(name),
    types.wrap_timestamp(Date.now()),
  ]);

function describeFilter(filter: RuleFilter): Typed {
  switch (filter.kind) {
    case 'true':
      return described(DESCRIPTOR.true, []);
    case 'sql':
      return described(DESCRIPTOR.sql, [types.wrap_string(filter.expression), types.wrap_int(COMPATIBILITY_LEVEL)]);
    case 'correlation': {
      const fields = CORRELATION_KEYS.map(([, property]) => types.wrap(filter.system.get(property) ?? null));
      return described(DESCRIPTOR.correlation, [...fields, types.wrap_map(Object.fromEntries(filter.properties))]);
    }
  }
}
