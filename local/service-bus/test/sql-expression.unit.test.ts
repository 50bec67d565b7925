import { describe, expect, it } from 'vitest';
import { type PropertyName, parseAction, parseFilter } from '../sql-expression.ts';
import type { Scalar } from '../sql-values.ts';

const own: Readonly<Record<string, Scalar>> = {
  number: 5,
  text: 'west',
  percent: '50%',
  yes: true,
  no: false,
  moment: new Date(1000),
  'two words': 1,
  quote: "it's",
};
const system: Readonly<Record<string, Scalar>> = { Label: 'order' };
const read = ({ scope, name }: PropertyName): Scalar => (scope === 'sys' ? system : own)[name];
const holds = (sql: string): boolean => parseFilter(sql)(read);

describe('the expression of a filter', () => {
  it.each([
    'number = 5',
    'number <> 6 AND number != 7',
    'number >= 5 and number <= 5 AND NOT number > 5',
    'number + 1 = 2 * 3',
    'number - 1 * 2 = 3',
    '(number - 1) * 2 = 8',
    '-number = -5',
    'number % 2 = 1 AND number / 2 = 2.5',
    '1e1 > number',
    "text = 'west'",
    "text + 'ern' = 'western'",
    "quote = 'it''s'",
    "text IN ('east', 'west')",
    "text NOT IN ('east')",
    "text LIKE 'w%' AND text LIKE '_est' AND text NOT LIKE 'e%'",
    "percent LIKE '50!%' ESCAPE '!'",
    "sys.Label = 'order' AND sys.label = 'order'",
    "user.text = 'west'",
    '[two words] = 1 AND "two words" = 1',
    'yes AND NOT no',
    'yes = TRUE AND no = FALSE',
    'missing IS NULL AND number IS NOT NULL',
    'EXISTS(number) AND NOT EXISTS (missing)',
    'missing = 1 OR number = 5',
    'moment = moment',
    '1=1',
  ])('holds: %s', (sql) => {
    expect(holds(sql)).toBe(true);
  });

  it.each([
    'number = 6',
    "number = '5'",
    'missing = 1',
    'NOT missing = 1',
    'missing <> 1',
    'missing NOT IN (1)',
    'number IN (6, 7)',
    'number = 5 AND missing = 1',
    "number LIKE '5'",
    'number / 0 = 1',
    'number',
    'no',
    '1=0',
  ])('does not hold: %s', (sql) => {
    expect(holds(sql)).toBe(false);
  });

  it.each([
    ['', /'the end' is out of place/],
    ['number =', /'the end' is out of place/],
    ['number = = 5', /'=' is out of place/],
    ['number = 5 number', /'number' is out of place/],
    ['(number = 5', /'the end' is out of place; '\)' was expected/],
    ["text = 'west", /cannot be read from here: .*'west/],
    ['number ? 5', /cannot be read from here: .*\? 5/],
    ['sys.Size > 1', /sys\.Size is none of ContentType, /],
    ['text NOT 5', /'5' is out of place/],
    ['and', /'and' is out of place/],
  ])('is refused where it cannot be read: %s', (sql, message) => {
    expect(() => parseFilter(sql)).toThrow(message);
  });
});

describe('the statements of an action', () => {
  it('set and remove properties, one after another', () => {
    const statements = parseAction("SET sys.Label = 'a' + text; REMOVE user.secret SET [n] = number * 2;");

    expect(statements.map(({ kind, property }) => [kind, property])).toEqual([
      ['set', { scope: 'sys', name: 'Label' }],
      ['remove', { scope: 'user', name: 'secret' }],
      ['set', { scope: 'user', name: 'n' }],
    ]);
    expect(statements.map((statement) => (statement.kind === 'set' ? statement.value(read) : undefined))).toEqual([
      'awest',
      undefined,
      10,
    ]);
  });

  it.each(['SET', 'SET a', 'DROP a', 'REMOVE', 'SET a = 1 = 2'])('are refused where they cannot be read: %s', (sql) => {
    expect(() => parseAction(sql)).toThrow(/is out of place/);
  });
});
