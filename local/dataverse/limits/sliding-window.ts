/** Amounts with their times, of which only those of the last stretch count. */
export class SlidingWindow {
  readonly #lengthMs: number;
  #times: number[] = [];
  #amounts: number[] = [];
  #first = 0;
  #total = 0;

  /** @param lengthMs for how long an amount counts */
  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** What counts at this time. Times must not go back. */
  total(now: number): number {
    const begin = now - this.#lengthMs;
    while (this.#first < this.#times.length && (this.#times[this.#first] as number) <= begin) {
      this.#total -= this.#amounts[this.#first] as number;
      this.#first++;
    }
    if (this.#first > 4_096 && this.#first * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#first);
      this.#amounts = this.#amounts.slice(this.#first);
      this.#first = 0;
    }
    if (this.#first === this.#times.length) this.#total = 0;
    return this.#total;
  }

  add(now: number, amount: number): void {
    this.#times.push(now);
    this.#amounts.push(amount);
    this.#total += amount;
  }

  /** When the total will have fallen to the given one, if nothing is added. */
  timeUntil(now: number, total: number): number {
    let left = this.total(now);
    for (let i = this.#first; i < this.#times.length; i++) {
      if (left <= total)
        return Math.max(0, (i === this.#first ? now : (this.#times[i - 1] as number) + this.#lengthMs) - now);
      left -= this.#amounts[i] as number;
    }
    const last = this.#times.at(-1);
    return last === undefined ? 0 : Math.max(0, last + this.#lengthMs - now);
  }
}
