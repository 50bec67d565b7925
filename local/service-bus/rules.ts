import rhea, { type Typed } from 'rhea';
import { faults } from './amqp-fault.ts';
import {
  applicationPropertiesOf,
  type MessageContent,
  propertyOf,
  type TypedMap,
  withAnnotation,
  withApplicationProperties,
  withoutApplicationProperty,
  withProperty,
} from './message-codec.ts';
import {
  type PropertyName,
  parseAction,
  parseFilter,
  type Statement,
  type SystemProperty,
  systemPropertyOf,
} from './sql-expression.ts';
import type { Scalar } from './sql-values.ts';

/** What a correlation filter compares: each that is set must be equal. */
export interface CorrelationFilter {
  readonly system: ReadonlyMap<SystemProperty, string>;
  readonly properties: TypedMap;
}

/** Which messages a rule lets in. */
export type RuleFilter =
  | { readonly kind: 'true' }
  | { readonly kind: 'sql'; readonly expression: string }
  | ({ readonly kind: 'correlation' } & CorrelationFilter);

/** A rule of a subscription: its filter, and the SQL of what it does to the copies that it lets in. */
export interface Rule {
  readonly name: string;
  readonly filter: RuleFilter;
  readonly action: string | undefined;
}

interface CompiledRule extends Rule {
  readonly matches: (content: MessageContent) => boolean;
  readonly statements: readonly Statement[];
}

/** The rule that every subscription is made with: it lets everything in. */
export const DEFAULT_RULE: Rule = { name: '$Default', filter: { kind: 'true' }, action: undefined };

/** The rules of one subscription, by name without regard to case. */
export class RuleSet {
  readonly #rules = new Map<string, CompiledRule>();

  constructor(rules: readonly Rule[]) {
    for (const rule of rules) this.add(rule);
  }

  /**
   * @throws AmqpFault `com.microsoft:entity-already-exists` for a name that is taken, `com.microsoft:argument-error`
   *   where an expression cannot be read
   */
  add(rule: Rule): void {
    const key = rule.name.toLowerCase();
    if (this.#rules.has(key)) throw faults.alreadyExists(`A rule named '${rule.name}' is there already.`);
    const statements = rule.action === undefined ? [] : parseAction(rule.action);
    this.#rules.set(key, { ...rule, matches: compile(rule.filter), statements });
  }

  /** Says whether there was such a rule. */
  remove(name: string): boolean {
    return this.#rules.delete(name.toLowerCase());
  }

  list(): readonly Rule[] {
    return [...this.#rules.values()];
  }

  /** The copies of a message to take in: one for all rules without an action, and one for each with. */
  copiesOf(content: MessageContent): MessageContent[] {
    const matching = [...this.#rules.values()].filter((rule) => rule.matches(content));
    const acting = matching.filter(({ statements }) => statements.length > 0);
    const changed = acting.map(({ statements }) => statements.reduce(perform, content));
    return acting.length < matching.length ? [content, ...changed] : changed;
  }
}

function compile(filter: RuleFilter): (content: MessageContent) => boolean {
  switch (filter.kind) {
    case 'true':
      return () => true;
    case 'sql': {
      const holds = parseFilter(filter.expression);
      return (content) => holds(readerOf(content));
    }
    case 'correlation':
      return (content) => {
        const read = readerOf(content);
        const wanted = [
          ...[...filter.system].map(([name, value]) => [{ scope: 'sys', name }, value] as const),
          ...[...filter.properties].map(([name, value]) => [{ scope: 'user', name }, scalarOf(value)] as const),
        ];
        return wanted.every(([property, value]) => isEqual(read(property), value));
      };
  }
}

const isEqual = (a: Scalar, b: Scalar): boolean =>
  a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : a !== undefined && a === b;

/** Where each property of the system is kept: its place in the properties section. */
const PLACES: Readonly<Partial<Record<SystemProperty, number>>> = {
  MessageId: 0,
  To: 2,
  Label: 3,
  Subject: 3,
  ReplyTo: 4,
  CorrelationId: 5,
  ContentType: 6,
  SessionId: 10,
  ReplyToSessionId: 12,
};
const PARTITION_KEY = 'x-opt-partition-key';

function readerOf(content: MessageContent): (property: PropertyName) => Scalar {
  let own: ReadonlyMap<string, Typed> | undefined;
  return ({ scope, name }) => {
    if (scope === 'sys') {
      const place = PLACES[systemPropertyOf(name) ?? 'PartitionKey'];
      return scalarOf(place === undefined ? content.annotations.get(PARTITION_KEY) : propertyOf(content, place));
    }
    own ??= new Map([...applicationPropertiesOf(content)].map(([key, value]) => [key.toLowerCase(), value]));
    return scalarOf(own.get(name.toLowerCase()));
  };
}

function perform(content: MessageContent, statement: Statement): MessageContent {
  const { scope, name } = statement.property;
  const typed = statement.kind === 'set' ? typedOf(statement.value(readerOf(content))) : rhea.types.wrap(null);
  if (scope === 'sys') {
    const place = PLACES[systemPropertyOf(name) ?? 'PartitionKey'];
    return place === undefined ? withAnnotation(content, PARTITION_KEY, typed) : withProperty(content, place, typed);
  }
  const known = [...applicationPropertiesOf(content).keys()].find((key) => key.toLowerCase() === name.toLowerCase());
  if (statement.kind === 'set') return withApplicationProperties(content, new Map([[known ?? name, typed]]));
  return known === undefined ? content : withoutApplicationProperty(content, known);
}

/** A value that a statement sets: whole numbers are 64 bits long, as in SQL. */
function typedOf(value: Scalar): Typed {
  if (typeof value !== 'number') return rhea.types.wrap(value ?? null);
  return Number.isSafeInteger(value) ? rhea.types.wrap_long(value) : rhea.types.wrap_double(value);
}

/** A typed value as rules compare it; lists, bytes and .NET's described values are none of those. */
function scalarOf(typed: Typed | null | undefined): Scalar {
  const value: unknown = typed?.value;
  if (typed && (typed as { descriptor?: unknown }).descriptor) return undefined;
  if (Buffer.isBuffer(value)) return value.length === 8 ? Number(value.readBigInt64BE()) : undefined;
  const isScalar = ['string', 'number', 'boolean'].includes(typeof value) || value instanceof Date;
  return isScalar ? (value as Scalar) : undefined;
}
