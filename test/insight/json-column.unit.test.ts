import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesIn, singleValuesOf as read } from '../../shared/customer-insights/json-column.ts';

const singleValuesOf = (text: unknown) => read(text)?.values;

describe('single values of a JSON text', () => {
  it('keep a flat dictionary as it is', () => {
    const plain = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !/\d{16}/.test(String(value))),
      fc.boolean(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), plain), (values) => {
        const text = JSON.stringify(values);
        expect(Object.fromEntries(singleValuesOf(text) ?? [])).toEqual(JSON.parse(text));
      }),
    );
  });

  it('are single, whatever the text says, and nothing throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.constant(undefined), fc.integer()), (text) => {
        for (const value of singleValuesOf(text)?.values() ?? [])
          expect(value === null || ['string', 'number', 'boolean'].includes(typeof value)).toBe(true);
      }),
    );
  });

  it('stand under joined names, in the order of the text', () => {
    expect([...(singleValuesOf('{"a":{"b":1,"c":[true,null]},"d":"x"}') ?? [])]).toEqual([
      ['a.b', 1],
      ['a.c.0', true],
      ['a.c.1', null],
      ['d', 'x'],
    ]);
  });

  it('are read from a text of any depth', () => {
    const depth = 20_000;
    const text = `${'['.repeat(depth)}1${']'.repeat(depth)}`;

    expect(singleValuesOf(text)?.size ?? 0).toBeLessThanOrEqual(1);
  });

  it('are names where a list of names is wanted', () => {
    expect(namesIn('[" HighValue ","ChurnRisk","constructor",""]')).toEqual({
      names: ['HighValue', 'ChurnRisk', 'constructor'],
      isIncomplete: false,
    });
    expect(namesIn('[{"name":"VIP","id":"7"},{"segmentName":"Churn"}]').names).toEqual(['VIP', 'Churn']);
    expect(namesIn('\uFEFF["VIP"]').names).toEqual(['VIP']);
    for (const nothing of [null, undefined, '', '[]'])
      expect(namesIn(nothing)).toEqual({ names: [], isIncomplete: false });
  });

  it.each([['["VIP",3]'], ['["VIP",null]'], ['["VIP",{"id":1}]'], ['["VIP"'], ['{"a":"VIP"}'], ['not JSON'], [7]])(
    'are told to be incomplete as names where something of %s cannot be read',
    (text) => {
      expect(namesIn(text).isIncomplete).toBe(true);
    },
  );

  it('keep the digits of large numbers, and are null where a writer left no number', () => {
    expect(Object.fromEntries(singleValuesOf('{"a":12345678901234567890,"b":0.1,"c":9007199254740991}') ?? [])).toEqual(
      {
        a: '12345678901234567890',
        b: 0.1,
        c: 9007199254740991,
      },
    );
    expect(Object.fromEntries(singleValuesOf('{"a":NaN,"b":"NaN","c":[-Infinity,"\\"Infinity"]}') ?? [])).toEqual({
      a: null,
      b: 'NaN',
      'c.0': null,
      'c.1': '"Infinity',
    });
  });

  it.each([
    ['deep', (size: number) => `${'{"a":'.repeat(size)}1${'}'.repeat(size)}`],
    ['broad and deep', (size: number) => `{"a":[${`${'['.repeat(9)}1${']'.repeat(9)},`.repeat(size)}1]}`],
    [
      'broad',
      (size: number) => JSON.stringify(Object.fromEntries(Array.from({ length: size }, (_, at) => [`n${at}`, at]))),
    ],
    ['long of name', (size: number) => JSON.stringify({ ['n'.repeat(size)]: 1 })],
    ['long of text', (size: number) => JSON.stringify({ n: 'x'.repeat(size) })],
    ['long of names that add up', (size: number) => JSON.stringify({ ['n'.repeat(150)]: { ['m'.repeat(150)]: size } })],
  ])('are few and short, and said to be shortened, where the text is %s', (_, make) => {
    for (const size of [5_000, 40_000]) {
      const found = read(make(size));
      const bytes = JSON.stringify([...(found?.values ?? [])]).length;
      expect(bytes).toBeLessThan(10_000);
      expect(found?.isShortened).toBe(true);
    }
  });
});
