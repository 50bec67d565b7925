/**
 * What Dataverse or a plug-in said to the application may quote rows and people of any business unit. Whoever is not an
 * operator gets the code and a fixed sentence in its place.
 */

/** How our own sentences introduce a refusal; what follows the colon are words of others. */
const quotation = /(\bDataverse (?:refused|could not|cannot|did not|answered|said)\b[^:]*):\s[\s\S]*$/;
const code = /0x[0-9a-f]{8}/i;

export const quotesWithheld = 'The words of the refusal are shown to operators.';

/** A text without the words that it quotes. */
export function withoutQuotes(text: string): string {
  const [found, introduction = ''] = quotation.exec(text) ?? [];
  if (found === undefined) return text;
  const [named] = code.exec(found) ?? [];
  const isCodeSaid = named === undefined || introduction.includes(named);
  return `${text.slice(0, text.length - found.length)}${introduction}${isCodeSaid ? '' : ` (${named})`}. ${quotesWithheld}`;
}

/** A value of JSON in which no text quotes anybody. */
export function withoutQuotesIn(value: unknown): unknown {
  if (typeof value === 'string') return withoutQuotes(value);
  if (Array.isArray(value)) return value.map(withoutQuotesIn);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutQuotesIn(inner)]));
}
