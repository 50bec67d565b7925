import { InvalidArgumentError } from 'commander';
import { holdIdSchema } from '../shared/contracts/hold.ts';
import { logicalNameSchema } from '../shared/contracts/unification-setup.ts';

/** What options and words take; a value that does not do is refused with what would. */

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('It must be a whole number from 1.');
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const span = /^(\d{1,6})(s|m|h|d)$/;

/** A time such as 90s, 10m, 2h or 1d, in milliseconds. */
export function duration(text: string): number {
  const [, number = '', unit = ''] = span.exec(text.trim()) ?? [];
  const milliseconds = Number(number) * (units[unit] ?? 0);
  if (milliseconds > 0) return milliseconds;
  throw new InvalidArgumentError('It must be a time such as 90s, 10m, 2h or 1d.');
}

/** A moment: a date, a date with a time, or so long ago. */
export function moment(text: string): (now: number) => string {
  if (span.test(text.trim())) {
    const milliseconds = duration(text);
    return (now) => new Date(now - milliseconds).toISOString();
  }
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('It must be such as 2026-03-01, 2026-03-01T08:00 or 24h.');
  return () => new Date(time).toISOString();
}

export function tableName(text: string): string {
  if (logicalNameSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError('It must be a logical name, such as contact.');
}

export function holdId(text: string): string {
  if (holdIdSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError('It must be 16 lower-case hexadecimal digits.');
}

/** An option that may be given several times. */
export const each =
  (check: (text: string) => string = (text) => text) =>
  (text: string, before: readonly string[] | undefined): string[] => [...(before ?? []), check(text)];

/** The same, where a value that is given twice is a slip. */
export const eachOnce =
  (check: (text: string) => string) =>
  (text: string, before: readonly string[] | undefined): string[] => {
    if (before?.includes(text)) throw new InvalidArgumentError('It is given twice; give each once.');
    return each(check)(text, before);
  };
