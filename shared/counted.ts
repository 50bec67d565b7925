/** A number with its noun, in the form that goes with it: `1 row`, `1,200 rows`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

/** The words that go with a number: the first for one, the second for any other. */
export const agreeing = (count: number, one: string, many: string): string => (count === 1 ? one : many);
