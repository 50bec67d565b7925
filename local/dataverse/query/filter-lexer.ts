import { badRequest } from '../errors.ts';

/** A piece of a `$filter` text. */
export interface Token {
  readonly kind: 'word' | 'string' | 'array' | 'alias' | 'punctuation' | 'end';
  /** The piece itself; for strings what stands between the quotes, unescaped. */
  readonly text: string;
  readonly position: number;
}

const WORD = /[A-Za-z0-9_.:+\-$/{}]/;

/** Cuts a `$filter` text into tokens; a string literal without its end is refused. */
export function lex(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const start = position;
    const char = text[position] as string;
    if (char === ' ' || char === '\t' || char === '\r' || char === '\n') {
      position++;
    } else if (char === "'") {
      const literal = readString(text, position);
      tokens.push({ kind: 'string', text: literal.value, position: start });
      position = literal.end;
    } else if (char === '[') {
      position = endOfArray(text, position);
      tokens.push({ kind: 'array', text: text.slice(start, position), position: start });
    } else if (char === '@') {
      position++;
      while (position < text.length && WORD.test(text[position] as string)) position++;
      tokens.push({ kind: 'alias', text: text.slice(start, position), position: start });
    } else if (WORD.test(char)) {
      while (position < text.length && WORD.test(text[position] as string)) position++;
      tokens.push({ kind: 'word', text: text.slice(start, position), position: start });
    } else if ('(),='.includes(char)) {
      tokens.push({ kind: 'punctuation', text: char, position: start });
      position++;
    } else {
      throw badRequest(`Syntax error: character '${char}' is not valid at position ${position} in '${text}'.`);
    }
  }
  tokens.push({ kind: 'end', text: '', position: text.length });
  return tokens;
}

function readString(text: string, start: number): { value: string; end: number } {
  let end = start + 1;
  for (;;) {
    const quote = text.indexOf("'", end);
    if (quote < 0) throw badRequest(`There is an unterminated literal at position ${text.length} in '${text}'.`);
    if (text[quote + 1] !== "'") return { value: text.slice(start + 1, quote).replaceAll("''", "'"), end: quote + 1 };
    end = quote + 2;
  }
}

function endOfArray(text: string, start: number): number {
  let quote = '';
  for (let i = start + 1; i < text.length; i++) {
    const char = text[i] as string;
    if (quote) {
      if (char === '\\') i++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === ']') return i + 1;
  }
  throw badRequest(`There is an unterminated literal at position ${text.length} in '${text}'.`);
}
