import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../local/sample/random.ts';
import { withSwappedDay, withTypo } from '../../local/sample/typos.ts';

const sorted = (text: string) => [...text].sort().join('');

describe('typos', () => {
  it('changes one place at most', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3 }), fc.integer(), (text, seed) => {
        const typed = withTypo(text, new Random(seed));

        expect(Math.abs(typed.length - text.length)).toBeLessThanOrEqual(1);
        expect(typed.at(0)).toBe(text.at(0));
        const differing = [...typed].filter((character, at) => character !== text[at]).length;
        if (typed.length === text.length && sorted(typed) !== sorted(text)) expect(differing).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('makes all four slips and leaves short texts alone', () => {
    const typed = new Set(Array.from({ length: 200 }, (_, seed) => withTypo('abc', new Random(seed))));

    expect([...typed]).toEqual(expect.arrayContaining(['acb', 'ac', 'abbc', 'axc']));
    expect(withTypo('ab', new Random(1))).toBe('ab');
  });

  it('swaps day and month only where the result is a date', () => {
    expect(withSwappedDay('1990-03-12')).toBe('1990-12-03');
    expect(withSwappedDay('1990-03-13')).toBe('1990-03-13');
  });
});
