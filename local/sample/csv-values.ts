import type { ColumnDefinition } from './organisation.ts';

type Value = string | number | boolean;

const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const datePattern = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** True for dates that the calendar has; `Date.parse` alone takes 31 February for a day in March. */
const isRealDate = (text: string): boolean => {
  const day = datePattern.exec(text)?.[1];
  if (day === undefined || Number.isNaN(Date.parse(text))) return false;
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
};

const numberOf = (text: string): number | undefined => {
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
};

const wholeNumberOf = (text: string): number | undefined => {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
};

/** The value that a text stands for in a column of this type; undefined where it stands for none. */
export function parseValue(type: ColumnDefinition['type'], text: string): Value | undefined {
  switch (type) {
    case 'String':
    case 'Memo':
      return text;
    case 'DateTime':
      return isRealDate(text) ? text : undefined;
    case 'Integer':
    case 'BigInt':
    case 'Picklist':
      return wholeNumberOf(text);
    case 'Decimal':
    case 'Double':
    case 'Money':
      return numberOf(text);
    case 'Boolean':
      return ({ true: true, false: false } as Record<string, boolean>)[text.toLowerCase()];
    case 'Uniqueidentifier':
    case 'Lookup':
    case 'Owner':
      return guidPattern.test(text) ? text.toLowerCase() : undefined;
  }
}

/**
 * The column that takes all these texts: the known one where each stands for a value of its type, else a column of
 * text under the same name. Data as found (a birth date that no calendar has, a sum in words) never stops a load.
 */
export function columnFor(
  logicalName: string,
  known: ColumnDefinition | undefined,
  texts: Iterable<string | null>,
): ColumnDefinition {
  let fits = known !== undefined;
  let longest = 1;
  for (const text of texts) {
    if (text === null) continue;
    longest = Math.max(longest, text.length);
    fits &&= known !== undefined && parseValue(known.type, text) !== undefined;
  }
  if (fits && known !== undefined)
    return known.maxLength === undefined ? known : { ...known, maxLength: Math.max(known.maxLength, longest) };
  return longest > 4000
    ? { logicalName, type: 'Memo', maxLength: 1_048_576 }
    : { logicalName, type: 'String', maxLength: Math.max(100, longest) };
}
