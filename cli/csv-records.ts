/**
 * The first records of a CSV text (RFC 4180), unchanged, and how many they are. A line break within quotation marks ends
 * no record.
 */
export function firstRecords(text: string, limit: number): { readonly text: string; readonly count: number } {
  let isQuoted = false;
  let count = 0;
  let begun = 0;
  for (let at = 0; at < text.length && count < limit; at++) {
    const character = text[at];
    if (character === '"') isQuoted = !isQuoted;
    if (character !== '\n' || isQuoted) continue;
    count++;
    begun = at + 1;
  }
  if (count < limit && begun < text.length) return { text, count: count + 1 };
  return { text: text.slice(0, begun), count };
}
