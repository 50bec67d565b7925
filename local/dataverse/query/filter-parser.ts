import { badRequest } from '../errors.ts';
import type { Comparison, Filter, Literal, TextMatch } from './filter-ast.ts';
import { lex, type Token } from './filter-lexer.ts';
import { parseValueList } from './json-array.ts';

const COMPARISONS: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);
const TEXT_MATCHES: ReadonlySet<string> = new Set(['contains', 'startswith', 'endswith']);
const IN = 'Microsoft.Dynamics.CRM.In';
const GUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/i;
const NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** Parameter aliases of a request, e.g. `@p1` with the text given for it. */
export type Aliases = ReadonlyMap<string, string>;

/**
 * Parses a `$filter`: and/or/not, comparisons with a literal on either side, contains/startswith/endswith, and
 * `Microsoft.Dynamics.CRM.In`.
 */
export function parseFilter(text: string, aliases: Aliases = new Map()): Filter {
  return new FilterParser(text, aliases).parse();
}

class FilterParser {
  readonly #text: string;
  readonly #aliases: Aliases;
  readonly #tokens: Token[];
  #next = 0;

  constructor(text: string, aliases: Aliases) {
    this.#text = text;
    this.#aliases = aliases;
    this.#tokens = lex(text);
  }

  parse(): Filter {
    const filter = this.#or();
    if (this.#peek().kind !== 'end') throw this.#error();
    return filter;
  }

  #or(): Filter {
    let left = this.#and();
    while (this.#takeWord('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Filter {
    let left = this.#not();
    while (this.#takeWord('and')) left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Filter {
    if (this.#takeWord('not')) return { kind: 'not', operand: this.#not() };
    if (this.#takePunctuation('(')) {
      const filter = this.#or();
      this.#expect(')');
      return filter;
    }
    return this.#predicate();
  }

  #predicate(): Filter {
    const word = this.#peek();
    if (word.kind === 'word' && TEXT_MATCHES.has(word.text)) return this.#textMatch();
    if (word.kind === 'word' && word.text === IN) return this.#in();
    const left = this.#operand();
    const operator = this.#take();
    if (operator.kind !== 'word' || !COMPARISONS.has(operator.text)) throw this.#error(operator);
    const comparison = operator.text as Comparison;
    const right = this.#operand();
    if ('path' in left && 'literal' in right) {
      return { kind: 'compare', operator: comparison, path: left.path, literal: right.literal };
    }
    if ('literal' in left && 'path' in right) {
      return { kind: 'compare', operator: mirrored(comparison), path: right.path, literal: left.literal };
    }
    throw badRequest(`A comparison needs a column and a value: '${this.#text}'.`);
  }

  #textMatch(): Filter {
    const match = this.#take().text as TextMatch;
    this.#expect('(');
    const path = this.#path();
    this.#expect(',');
    const { value } = this.#literal();
    this.#expect(')');
    if (typeof value !== 'string') throw this.#error();
    return { kind: 'text', match, path, text: value };
  }

  #in(): Filter {
    this.#take();
    this.#expect('(');
    let path: string | undefined;
    let values: (string | number | boolean)[] | undefined;
    do {
      const parameter = this.#take().text;
      this.#expect('=');
      const argument = this.#take();
      const text = argument.kind === 'alias' ? this.#alias(argument.text) : argument.text;
      if (parameter === 'PropertyName') path = argument.kind === 'alias' ? unquote(text) : text;
      else if (parameter === 'PropertyValues') values = parseValueList(text);
      else throw this.#error(argument);
    } while (this.#takePunctuation(','));
    this.#expect(')');
    if (path === undefined || values === undefined) throw this.#error();
    return { kind: 'in', path, values };
  }

  #operand(): { path: string } | { literal: Literal } {
    const token = this.#peek();
    if (token.kind === 'alias' || token.kind === 'string') return { literal: this.#literal() };
    if (token.kind !== 'word') throw this.#error(token);
    const literal = wordLiteral(token.text);
    if (literal) {
      this.#take();
      return { literal };
    }
    const following = this.#tokens[this.#next + 1];
    if (following?.kind === 'string' && following.position === token.position + token.text.length) {
      // An enumeration value carries its type: Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'.
      this.#take();
      return { literal: { value: this.#take().text, quoted: true } };
    }
    return { path: this.#path() };
  }

  #literal(): Literal {
    const token = this.#take();
    if (token.kind === 'string') return { value: token.text, quoted: true };
    if (token.kind === 'alias') {
      const text = this.#alias(token.text);
      if (/^'.*'$/s.test(text)) return { value: unquote(text), quoted: true };
      const literal = wordLiteral(text);
      if (literal) return literal;
    }
    const literal = token.kind === 'word' ? wordLiteral(token.text) : undefined;
    if (!literal) throw this.#error(token);
    return literal;
  }

  #path(): string {
    const token = this.#take();
    if (token.kind !== 'word') throw this.#error(token);
    return token.text;
  }

  #alias(name: string): string {
    const text = this.#aliases.get(name);
    if (text === undefined) throw badRequest(`The parameter alias '${name}' has no value.`);
    return text;
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'word' || token.text !== word) return false;
    this.#next++;
    return true;
  }

  #takePunctuation(text: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'punctuation' || token.text !== text) return false;
    this.#next++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takePunctuation(text)) throw this.#error();
  }

  #error(token: Token = this.#peek()) {
    return badRequest(`Syntax error at position ${token.position} in '${this.#text}'.`);
  }
}

const unquote = (text: string) => text.replace(/^'(.*)'$/s, '$1').replaceAll("''", "'");

function mirrored(operator: Comparison): Comparison {
  const mirror = { eq: 'eq', ne: 'ne', gt: 'lt', ge: 'le', lt: 'gt', le: 'ge' } as const;
  return mirror[operator];
}

function wordLiteral(text: string): Literal | undefined {
  if (text === 'null') return { value: null, quoted: false };
  if (text === 'true' || text === 'false') return { value: text === 'true', quoted: false };
  if (NUMBER.test(text)) return { value: Number(text), quoted: false };
  if (GUID.test(text) || DATE.test(text)) return { value: text, quoted: false };
  return undefined;
}
