import type { Random } from './random.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';

/**
 * The text with one slip of a hand: two neighbours swapped, a character lost, doubled or mistaken for another.
 * A text too short to be recognised afterwards is left as it is.
 */
export function withTypo(text: string, random: Random): string {
  if (text.length < 3) return text;
  const at = random.whole(1, text.length - 2);
  const before = text.slice(0, at);
  const here = text.charAt(at);
  const after = text.slice(at + 1);
  switch (random.whole(1, 4)) {
    case 1:
      return before + after.charAt(0) + here + after.slice(1);
    case 2:
      return before + after;
    case 3:
      return before + here + here + after;
    default:
      return before + letters.charAt(random.whole(0, letters.length - 1)) + after;
  }
}

/** A date as two people write it: day and month change places where that still is a date. */
export function withSwappedDay(isoDate: string): string {
  const [year, month, day] = isoDate.split('-');
  return Number(day) <= 12 ? `${year}-${day}-${month}` : isoDate;
}
