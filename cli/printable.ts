/**
 * Text from elsewhere may hold what a terminal obeys: escape sequences that recolour, retitle or rewrite the screen, and
 * marks that turn the direction of writing. Nothing of it reaches a terminal.
 */

/** Controls of both sets, DEL, and the marks and embeddings of writing direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const commanding = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const blanks = /[\t\n\r\u0085\u2028\u2029]+/g;

/** One line of text that a terminal shows and does not obey. */
export const printableText = (text: string): string => text.replaceAll(blanks, ' ').replaceAll(commanding, '');

/** An answer all of whose texts can be shown; of names too. */
export function printable<T>(value: T): T {
  if (typeof value === 'string') return printableText(value) as T;
  if (Array.isArray(value)) return value.map(printable) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [printableText(name), printable(inner)])) as T;
}

/** JSON says the same with its escapes, so machines read what was meant and terminals obey nothing. */
export const printableJson = (value: unknown): string =>
  `${JSON.stringify(value, undefined, 2).replaceAll(commanding, (character) =>
    character === '\n' ? character : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )}\n`;

/** CSV for somebody who looks at it on a terminal; files get every character. */
export const printableLines = (text: string): string =>
  text.replaceAll(commanding, (character) => (character === '\n' || character === '\t' ? character : ''));
