import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guidOf, hexDigitsOf, Random } from '../../local/sample/random.ts';

describe('seeded randomness', () => {
  it('gives the same path the same sequence, and another path another', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (seed, index) => {
        const draw = (...path: number[]) => {
          const random = new Random(...path);
          return Array.from({ length: 4 }, () => random.next());
        };

        expect(draw(seed, index)).toEqual(draw(seed, index));
        expect(draw(seed, index)).not.toEqual(draw(seed, index + 1));
      }),
    );
  });

  it('stays within the bounds asked for and reaches both', () => {
    const random = new Random(3);

    const drawn = Array.from({ length: 500 }, () => random.whole(-2, 2));

    expect(Math.min(...drawn)).toBe(-2);
    expect(Math.max(...drawn)).toBe(2);
    expect(drawn.every(Number.isInteger)).toBe(true);
  });

  it('hits a probability over many draws', () => {
    const random = new Random(11);

    const hits = Array.from({ length: 20_000 }, () => random.chance(0.3)).filter(Boolean).length;

    expect(hits / 20_000).toBeCloseTo(0.3, 1);
  });

  it('loses and invents nothing when it shuffles', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const shuffled = new Random(seed).shuffle(items);

        expect([...shuffled].sort()).toEqual([...items].sort());
      }),
    );
  });

  it('derives ids from names', () => {
    expect(guidOf('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(guidOf('a')).toBe(guidOf('a'));
    expect(guidOf('a')).not.toBe(guidOf('b'));
    expect(hexDigitsOf('a')).toMatch(/^[0-9a-f]{32}$/);
  });
});
