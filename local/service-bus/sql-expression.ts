import { faults } from './amqp-fault.ts';
import { calculate, compare, either, like, not, type Scalar } from './sql-values.ts';

/*
 * The SQL of subscription rules, as documented for Azure Service Bus: comparisons, LIKE, IN, IS NULL, EXISTS, AND, OR, NOT,
 * arithmetic, and the statements SET and REMOVE. A property that a message does not have makes a comparison unknown, and
 * what is unknown lets no message in.
 */

/** A property of a message: of the system (`sys.`) or of its sender. Names are compared without regard to case. */
export interface PropertyName {
  readonly scope: 'sys' | 'user';
  readonly name: string;
}

/** Reads a message's properties; `undefined` where there is none. */
export type ReadProperty = (property: PropertyName) => Scalar;

/** An expression that can be evaluated for any message. */
export type Expression = (read: ReadProperty) => Scalar;

/** A statement of an action. */
export type Statement =
  | { readonly kind: 'set'; readonly property: PropertyName; readonly value: Expression }
  | { readonly kind: 'remove'; readonly property: PropertyName };

/** The properties of the system that rules can name, all of them text. */
export const systemProperties = [
  'ContentType',
  'CorrelationId',
  'Label',
  'MessageId',
  'PartitionKey',
  'ReplyTo',
  'ReplyToSessionId',
  'SessionId',
  'Subject',
  'To',
] as const;
export type SystemProperty = (typeof systemProperties)[number];

/** The property of that name in the spelling of {@link systemProperties}. */
export const systemPropertyOf = (name: string): SystemProperty | undefined =>
  systemProperties.find((known) => known.toLowerCase() === name.toLowerCase());

const TOKEN =
  /\s*(?:(?<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|'(?<text>(?:[^']|'')*)'|\[(?<bracketed>[^\]]+)\]|"(?<quoted>[^"]+)"|(?<word>[A-Za-z_@#$][\w@#$]*)|(?<sign><>|!=|>=|<=|[-=<>+*/%(),.;]))/giy;

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'word' | 'sign' | 'end';
  readonly text: string;
}

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  const end = sql.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const groups = TOKEN.exec(sql)?.groups;
    if (!groups) throw faults.invalidArgument(`The expression cannot be read from here: ${sql.slice(from, from + 40)}`);
    const { number, text, bracketed, quoted, word, sign } = groups;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (text !== undefined) tokens.push({ kind: 'text', text: text.replaceAll("''", "'") });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else tokens.push({ kind: 'name', text: bracketed ?? quoted ?? '' });
  }
  return tokens;
}

const END: Token = { kind: 'end', text: 'the end' };
const RESERVED = new Set(
  'AND OR NOT IN LIKE ESCAPE IS NULL EXISTS TRUE FALSE SET REMOVE'.split(' ').map((word) => word.toLowerCase()),
);

/** Reads one text; each method takes what it is named after and leaves the rest. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(sql: string) {
    this.#tokens = tokensOf(sql);
  }

  whole<T>(read: () => T): T {
    const result = read();
    if (this.#next.kind !== 'end') this.#fail();
    return result;
  }

  statements(): Statement[] {
    const statements: Statement[] = [];
    while (this.#next.kind !== 'end') {
      if (this.#takes('remove')) statements.push({ kind: 'remove', property: this.#property() });
      else {
        this.#expect('set');
        const property = this.#property();
        this.#expect('=');
        statements.push({ kind: 'set', property, value: this.#sum() });
      }
      while (this.#takes(';'));
    }
    return statements;
  }

  predicate = (): Expression => {
    const parts = [this.#conjunction()];
    while (this.#takes('or')) parts.push(this.#conjunction());
    return onlyOr(parts, (read) => either(parts.map((part) => part(read))));
  };

  #conjunction(): Expression {
    const parts = [this.#negation()];
    while (this.#takes('and')) parts.push(this.#negation());
    return onlyOr(parts, (read) => not(either(parts.map((part) => not(part(read))))));
  }

  #negation(): Expression {
    if (!this.#takes('not')) return this.#comparison();
    const inner = this.#negation();
    return (read) => not(inner(read));
  }

  #comparison(): Expression {
    if (this.#takes('exists')) {
      this.#expect('(');
      const property = this.#property();
      this.#expect(')');
      return (read) => read(property) !== undefined;
    }
    const left = this.#sum();
    if (this.#takes('is')) {
      const isNegated = this.#takes('not');
      this.#expect('null');
      return (read) => (left(read) === undefined) !== isNegated;
    }
    const isNegated = this.#takes('not');
    const negate = (inner: Expression): Expression => (isNegated ? (read) => not(inner(read)) : inner);
    if (this.#takes('in')) {
      const list = this.#list();
      return negate((read) => {
        const value = left(read);
        return either(list.map((each) => compare('=', value, each(read))));
      });
    }
    if (this.#takes('like')) {
      const pattern = this.#sum();
      const escaping = this.#takes('escape') ? this.#sum() : () => undefined;
      return negate((read) => like(left(read), pattern(read), escaping(read)));
    }
    if (isNegated) this.#fail();
    const sign = this.#next.text;
    if (this.#next.kind !== 'sign' || !['=', '<>', '!=', '<', '<=', '>', '>='].includes(sign)) return left;
    this.#at++;
    const right = this.#sum();
    return (read) => compare(sign, left(read), right(read));
  }

  #list(): Expression[] {
    const list: Expression[] = [];
    this.#expect('(');
    do list.push(this.#sum());
    while (this.#takes(','));
    this.#expect(')');
    return list;
  }

  #sum(): Expression {
    return this.#chain(['+', '-'], () => this.#product());
  }

  #product(): Expression {
    return this.#chain(['*', '/', '%'], () => this.#value());
  }

  #chain(signs: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    for (let sign = this.#next; sign.kind === 'sign' && signs.includes(sign.text); sign = this.#next) {
      this.#at++;
      const [before, right] = [left, operand()];
      left = (read) => calculate(sign.text, before(read), right(read));
    }
    return left;
  }

  #value(): Expression {
    const { kind, text } = this.#next;
    if (this.#takes('(')) {
      const inner = this.predicate();
      this.#expect(')');
      return inner;
    }
    if (this.#takes('-')) {
      const inner = this.#value();
      return (read) => calculate('-', 0, inner(read));
    }
    if (this.#takes('+')) return this.#value();
    if (this.#takes('null')) return () => undefined;
    if (this.#takes('true')) return () => true;
    if (this.#takes('false')) return () => false;
    if (kind === 'number' || kind === 'text') {
      this.#at++;
      const constant = kind === 'number' ? Number(text) : text;
      return () => constant;
    }
    const property = this.#property();
    return (read) => read(property);
  }

  #property(): PropertyName {
    const first = this.#name();
    const scope = first.toLowerCase();
    if ((scope !== 'sys' && scope !== 'user') || !this.#takes('.')) return { scope: 'user', name: first };
    const name = this.#name();
    if (scope === 'user') return { scope, name };
    const known = systemPropertyOf(name);
    if (!known) throw faults.invalidArgument(`sys.${name} is none of ${systemProperties.join(', ')}.`);
    return { scope, name: known };
  }

  #name(): string {
    const { kind, text } = this.#next;
    const isName = kind === 'name' || (kind === 'word' && !RESERVED.has(text.toLowerCase()));
    if (!isName) this.#fail();
    this.#at++;
    return text;
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  /** Takes this very word or sign if it comes next. */
  #takes(expected: string): boolean {
    const { kind, text } = this.#next;
    const isIt = (kind === 'word' || kind === 'sign') && text.toLowerCase() === expected;
    if (isIt) this.#at++;
    return isIt;
  }

  #expect(expected: string): void {
    if (!this.#takes(expected)) this.#fail(`; '${expected.toUpperCase()}' was expected`);
  }

  #fail(hint = ''): never {
    throw faults.invalidArgument(`The expression cannot be read: '${this.#next.text}' is out of place${hint}.`);
  }
}

/** A single part is itself, and may be a number or a text; several are true, false or unknown together. */
const onlyOr = ([first, second]: readonly Expression[], together: Expression): Expression =>
  first && !second ? first : together;

/**
 * Reads a filter's expression.
 *
 * @throws AmqpFault `com.microsoft:argument-error` where it cannot be read; the text says at what.
 */
export function parseFilter(sql: string): (read: ReadProperty) => boolean {
  const parser = new Parser(sql);
  const predicate = parser.whole(parser.predicate);
  return (read) => predicate(read) === true;
}

/** Reads an action's statements; throws as {@link parseFilter} does. */
export function parseAction(sql: string): readonly Statement[] {
  const parser = new Parser(sql);
  return parser.whole(() => parser.statements());
}
