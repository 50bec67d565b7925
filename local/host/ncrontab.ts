/**
 * NCRONTAB expressions, `{second} {minute} {hour} {day} {month} {day of week}` (or five fields without seconds), in UTC.
 * As the host reads them, day and day of week must both hold; classic cron needs only one of the two.
 */

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Names of the values, in order, the first for `from`. */
  readonly words?: readonly string[];
}

const second: Field = { name: 'second', from: 0, to: 59 };
const afterSecond: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ') },
  { name: 'day of week', from: 0, to: 6, words: 'sun mon tue wed thu fri sat'.split(' ') },
];

/** A schedule that tells its next time. */
export interface CronSchedule {
  /** The first time after `after` (never `after` itself); undefined when there is none within 8 years. */
  next(after: Date): Date | undefined;
}

/**
 * Parses an expression.
 * @throws Error naming the field that is wrong
 */
export function parseNcrontab(expression: string): CronSchedule {
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== 5 && texts.length !== 6) {
    throw new Error(`"${expression}" has ${texts.length} fields; NCRONTAB wants six (or five without seconds)`);
  }
  const [seconds, minutes, hours, days, months, weekdays] = [
    texts.length === 6 ? parseField(texts[0] ?? '', second) : new Set([0]),
    ...afterSecond.map((field, index) => parseField(texts.at(index - 5) ?? '', field)),
  ] as [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>, Set<number>];

  /** The first time of a day at or after the second of the day `from`, in seconds. */
  const timeOfDay = (from: number): number | undefined => {
    for (let time = from; time < 86_400; time++) {
      const hour = Math.floor(time / 3600);
      if (!hours.has(hour)) time = (hour + 1) * 3600 - 1;
      else if (!minutes.has(Math.floor(time / 60) % 60)) time = (Math.floor(time / 60) + 1) * 60 - 1;
      else if (seconds.has(time % 60)) return time;
    }
    return undefined;
  };

  return {
    next(after) {
      const start = Math.floor(after.getTime() / 1000) + 1;
      let midnight = Math.floor(start / 86_400) * 86_400;
      let from = start - midnight;
      // 8 years hold every possible date, 29 February on a given day of the week aside.
      for (let day = 0; day < 366 * 8; day++, midnight += 86_400, from = 0) {
        const date = new Date(midnight * 1000);
        const isDue =
          months.has(date.getUTCMonth() + 1) && days.has(date.getUTCDate()) && weekdays.has(date.getUTCDay());
        const time = isDue ? timeOfDay(from) : undefined;
        if (time !== undefined) return new Date((midnight + time) * 1000);
      }
      return undefined;
    },
  };
}

function parseField(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part);
    const step = Number(match?.[4] ?? 1);
    if (!match || step === 0) throw new Error(`"${part}" is no valid ${field.name}`);
    const first = match[1] ? field.from : parseValue(match[2] ?? '', field);
    const isOpen = match[1] !== undefined || (match[3] === undefined && match[4] !== undefined);
    const last = isOpen ? field.to : match[3] === undefined ? first : parseValue(match[3], field);
    for (let value = Math.min(first, last); value <= Math.max(first, last); value += step) values.add(value);
  }
  return values;
}

function parseValue(text: string, { name, from, to, words }: Field): number {
  const word = words?.indexOf(text.slice(0, 3).toLowerCase()) ?? -1;
  const value = word >= 0 ? word + from : Number(text);
  if (!Number.isInteger(value) || value < from || value > to)
    throw new Error(`"${text}" is no valid ${name} (${from}-${to})`);
  return value;
}
