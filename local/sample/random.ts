import { hash } from 'node:crypto';

/** Spreads every bit of a 32-bit number over all others. */
const scramble = (value: number): number => {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};

/**
 * A small seeded generator of pseudo-random numbers (a Weyl sequence, scrambled).
 * The same path of numbers gives the same sequence, so any row can be made without making those before it.
 */
export class Random {
  #state: number;

  constructor(...path: readonly number[]) {
    this.#state = path.reduce((state, part) => scramble(state ^ scramble((part | 0) + 0x9e3779b9)), 0x1f123bb5);
  }

  /** At least 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return scramble(this.#state) / 0x1_0000_0000;
  }

  /** A whole number from `from` to `to`, both possible. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.next() * choices.length)] ?? choices[0];
  }

  /** The same items in another order. */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.whole(0, last);
      [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
    }
    return shuffled;
  }
}

/** 32 lower-case hexadecimal digits that follow from the name alone: the form of a CustomerId. */
export const hexDigitsOf = (name: string): string => hash('sha256', name).slice(0, 32);

/** A GUID that follows from the name alone, in the layout of RFC 9562 version 8. */
export const guidOf = (name: string): string => {
  const digits = hash('sha256', name);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
};
