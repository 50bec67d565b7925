import type { Spending } from '../contracts/identity-lease.ts';
import { budgetWindowMs } from './limits.ts';

/** What was spent is kept by second: fine enough to pace by, small enough to forget about. */
const slotMs = 1_000;
/** One more than the window has, so that nothing counts as free before it is. */
const slotCount = budgetWindowMs / slotMs + 1;

/** The service's own count is compared with ours only from this share of the budget on; below, requests under way blur it. */
const comparableFrom = 0.4;
/** The most web servers that a difference between the counts is explained by. */
const mostServers = 64;

/** The budget is believed to be smaller at once, larger only in the long run. */
const towardsLess = 0.2;
const towardsMore = 0.03;
/** A little is left alone: the service's count and ours never end at the same moment. */
const usableShare = 0.985;
/** After a refusal the budget is taken for a little less than what had been spent, and raised again step by step. */
const afterRefusal = 0.98;
const raiseBy = 1.02;
const longestWaitForRaise = 16 * budgetWindowMs;

/**
 * What one identity may spend of one measure (requests, or milliseconds of execution) in a sliding window.
 *
 * The documented limit holds for each web server, and nobody tells how many there are. So the budget starts at the documented
 * limit; the rest that the service reports shows by how much its count runs slower than ours (more servers) or faster; and a
 * refusal shows where the end really is. Pure: time comes in with each call, in milliseconds.
 */
export class SlidingBudget {
  readonly #slots = new Float64Array(slotCount);
  #slot = 0;
  #used = 0;
  #limit: number;
  readonly #share: number;
  /** Our count divided by the service's. */
  #ratio = 1;
  /** Where a refusal showed the end to be, as the service counts: our count may run faster or slower later. */
  #ceiling = Infinity;
  #raiseAt = Infinity;
  #raiseAfterMs = budgetWindowMs;

  /**
   * @param limit the documented limit of one server
   * @param share the part of the budget that may be used, above 0 and up to 1
   */
  constructor(limit: number, share: number) {
    this.#limit = limit;
    this.#share = share;
  }

  /** What may be used in a window. */
  get capacity(): number {
    return Math.min(this.#limit * usableShare, this.#ceiling) * this.#ratio * this.#share;
  }

  used(now: number): number {
    this.#advance(now);
    return this.#used;
  }

  spend(now: number, amount: number): void {
    this.#advance(now);
    const at = this.#slot % slotCount;
    this.#slots[at] = (this.#slots[at] ?? 0) + amount;
    this.#used += amount;
  }

  /** What becomes free again within `ms` from now. */
  freedWithin(now: number, ms: number): number {
    this.#advance(now);
    const slots = Math.min(slotCount - 1, Math.floor(ms / slotMs));
    let freed = 0;
    for (let ahead = 1; ahead <= slots; ahead++) freed += this.#slots[(this.#slot + ahead) % slotCount] ?? 0;
    return freed;
  }

  /** Milliseconds until less than the capacity is used, `reserved` counted in; 0 where it is already. */
  waitMs(now: number, reserved = 0): number {
    this.#advance(now);
    let left = this.#used + reserved;
    if (left < this.capacity) return 0;
    for (let ahead = 1; ahead < slotCount; ahead++) {
      left -= this.#slots[(this.#slot + ahead) % slotCount] ?? 0;
      if (left < this.capacity) return (this.#slot + ahead) * slotMs - now;
    }
    return budgetWindowMs;
  }

  /** The service says that `remaining` is left. */
  observeRemaining(now: number, remaining: number): void {
    this.#limit = Math.max(this.#limit, remaining);
    const used = this.used(now);
    const counted = this.#limit - remaining;
    if (used < this.#limit * comparableFrom * this.#share) return;
    const ratio = counted > 0 ? Math.min(mostServers, used / counted) : mostServers;
    const step = ratio > this.#ratio ? towardsMore : towardsLess;
    this.#ratio += step * (Math.max(0.7, ratio) - this.#ratio);
  }

  /** The service refused a request because this budget is spent. */
  refused(now: number): void {
    const used = this.used(now);
    // A refusal with little spent comes from somebody else's requests in the same name: it says nothing about the budget.
    if (used < (this.#limit * comparableFrom) / 2) return;
    this.#ceiling = Math.min(this.#ceiling, (used / this.#ratio) * afterRefusal);
    if (this.#raiseAt !== Infinity) this.#raiseAfterMs = Math.min(longestWaitForRaise, this.#raiseAfterMs * 2);
    this.#raiseAt = now + this.#raiseAfterMs;
  }

  /** What another process has to know that goes on spending. */
  describe(now: number): Spending {
    this.#advance(now);
    const spent: [number, number][] = [];
    for (let ago = 0; ago < slotCount; ago++) {
      const amount = this.#slots[(this.#slot - ago + slotCount) % slotCount] ?? 0;
      // From the slot's beginning, so that who goes on counts it for exactly as long.
      if (amount > 0) spent.push([Math.round(now - (this.#slot - ago) * slotMs) / 1_000, Math.round(amount)]);
    }
    const refused = {
      ceiling: this.#ceiling,
      raiseInMs: Math.max(0, this.#raiseAt - now),
      raiseAfterMs: this.#raiseAfterMs,
    };
    return { spent, limit: this.#limit, ratio: this.#ratio, ...(this.#ceiling === Infinity ? {} : { refused }) };
  }

  /** Goes on where another process stopped spending, `agoMs` ago; what was known here is older. */
  adopt(now: number, { spent, limit, ratio, refused }: Spending, agoMs: number): void {
    this.#advance(now);
    this.#slots.fill(0);
    this.#used = 0;
    for (const [ago, amount] of spent) {
      const slot = Math.min(this.#slot, Math.round((now - ago * 1_000 - agoMs) / slotMs));
      if (this.#slot - slot >= slotCount) continue;
      const at = ((slot % slotCount) + slotCount) % slotCount;
      this.#slots[at] = (this.#slots[at] ?? 0) + amount;
      this.#used += amount;
    }
    this.#limit = limit;
    this.#ratio = ratio;
    this.#ceiling = refused?.ceiling ?? Infinity;
    this.#raiseAt = refused === undefined ? Infinity : now + refused.raiseInMs - agoMs;
    this.#raiseAfterMs = refused?.raiseAfterMs ?? budgetWindowMs;
  }

  #advance(now: number): void {
    const slot = Math.floor(now / slotMs);
    if (slot - this.#slot >= slotCount) {
      this.#slots.fill(0);
      this.#used = 0;
      this.#slot = slot;
    }
    while (this.#slot < slot) {
      this.#slot++;
      const at = this.#slot % slotCount;
      this.#used -= this.#slots[at] ?? 0;
      this.#slots[at] = 0;
    }
    if (now >= this.#raiseAt) {
      this.#ceiling *= raiseBy;
      this.#raiseAt = now + this.#raiseAfterMs;
    }
  }
}
