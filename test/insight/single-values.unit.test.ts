import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesIn, singleValuesOf } from '../../shared/insight/single-values.ts';

describe('single values of a JSON text', () => {
  it('keep a flat dictionary as it is', () => {
    const plain = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
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
    expect(namesIn('[" HighValue ","ChurnRisk",3,null]')).toEqual(['HighValue', 'ChurnRisk']);
    expect(namesIn('not JSON')).toEqual([]);
  });
});
