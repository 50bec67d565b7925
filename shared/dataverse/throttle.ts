import type { IdentityLedger } from '../contracts/identity-lease.ts';
import { ConcurrencyWindow } from './concurrency-window.ts';
import { LatencyBaseline } from './latency-baseline.ts';
import { budgetWindowMs, executionMsPerWindow, requestsPerWindow } from './limits.ts';
import { Probe } from './probe.ts';
import type { ThrottleCause } from './service-failure.ts';
import { SlidingBudget } from './sliding-budget.ts';

/** Why a request has to wait. */
export type WaitCause = 'retryAfter' | 'concurrency' | 'budget' | 'turn';

/** Whether a request may start; if not, in how many milliseconds asking again can help (Infinity: when one ends). */
export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly waitMs: number; readonly cause: WaitCause };

/** What the end of a request tells about the service. */
export interface Finished {
  readonly durationMs: number;
  /** What was written, where it was: only like is compared with like. */
  readonly work?: { readonly kind: string; readonly rows: number } | undefined;
  /** Present where the service refused by one of its limits. */
  readonly refusedBy?: ThrottleCause | undefined;
  /** Requests that the service recommends to have in flight. */
  readonly hint?: number | undefined;
  /** What the service says is left in its window: requests, and milliseconds of execution. */
  readonly requestsLeft?: number | undefined;
  readonly executionLeftMs?: number | undefined;
}

/**
 * How many times the even pace may be in flight: work comes in pages, and what their ends leave unused has to be caught up
 * on. The budget itself holds back what would be too much.
 */
const aheadOfEven = 2.5;
/** After a rest (below the first share of the budget) work may run as far ahead as it likes, up to the second share. */
const restedBelow = 0.05;
const sprintUpTo = 0.5;

const mayStart: Admission = { admitted: true };

/**
 * What one identity may send, in one process: a state machine without clock or timers; `now` is in milliseconds.
 *
 * Three things hold a request back: a Retry-After given to the identity (a hard stop: nothing is admitted before it is over),
 * the window of requests in flight, and the budgets of requests and execution time.
 */
export class Throttle {
  readonly #window: ConcurrencyWindow;
  readonly #baseline = new LatencyBaseline();
  readonly #requests = new SlidingBudget(requestsPerWindow, 1);
  readonly #execution: SlidingBudget;
  readonly #probe = new Probe();
  #inFlight = 0;
  #stoppedUntil = 0;
  #sprinting = true;
  /** Smoothed duration of a request. */
  #typicalMs = 0;
  /** The same of a request that writes. */
  #typicalWriteMs = 0;
  readonly #leavesFree: boolean;

  /**
   * @param options.maxConcurrency the most requests in flight
   * @param options.freeBudgetPercent share of the execution time that is left to others
   */
  constructor(options: { readonly maxConcurrency: number; readonly freeBudgetPercent: number }) {
    this.#window = new ConcurrencyWindow(options.maxConcurrency);
    this.#leavesFree = options.freeBudgetPercent > 0;
    this.#execution = new SlidingBudget(executionMsPerWindow, 1 - options.freeBudgetPercent / 100);
  }

  admit(now: number): Admission {
    if (now < this.#stoppedUntil) return this.#pause(this.#stoppedUntil - now, 'retryAfter');
    const budgetWaitMs = Math.max(this.#requests.waitMs(now), this.#execution.waitMs(now, this.#reserved(now)));
    if (budgetWaitMs > 0) return this.#pause(budgetWaitMs, 'budget');
    const probeWaitMs = this.#probe.waitMs(now);
    if (probeWaitMs > 0) return { admitted: false, waitMs: probeWaitMs, cause: 'budget' };
    if (this.#inFlight >= this.#window.limit) return { admitted: false, waitMs: Infinity, cause: 'concurrency' };
    if (this.#inFlight >= this.#paced(now)) return { admitted: false, waitMs: 1_000, cause: 'budget' };
    return mayStart;
  }

  #pause(waitMs: number, cause: WaitCause): Admission {
    this.#probe.paused();
    return { admitted: false, waitMs, cause };
  }

  start(now: number): void {
    this.#inFlight++;
    this.#probe.sent(now);
    this.#requests.spend(now, 1);
  }

  finish(now: number, end: Finished): void {
    const inFlight = this.#inFlight--;
    this.#execution.spend(now, end.durationMs);
    this.#typicalMs += 0.3 * (end.durationMs - this.#typicalMs);
    if (end.hint !== undefined) this.#window.hint(end.hint);
    if (end.refusedBy === 'concurrency') this.#window.tooMany(inFlight);
    // What was sent before a pause was asked for, and is refused in it, says nothing new.
    else if (end.refusedBy !== undefined && now < this.#stoppedUntil) return;
    else if (end.refusedBy === 'requests') this.#requests.refused(now);
    else if (end.refusedBy === 'executionTime') this.#execution.refused(now);
    else {
      this.#probe.passed(now - end.durationMs);
      if (end.requestsLeft !== undefined) this.#requests.observeRemaining(now, end.requestsLeft);
      if (end.executionLeftMs !== undefined) this.#execution.observeRemaining(now, end.executionLeftMs);
      if (end.work) {
        const { kind, rows } = end.work;
        this.#typicalWriteMs += 0.3 * (end.durationMs - this.#typicalWriteMs);
        const { slowness } = this.#window;
        this.#window.finished(this.#baseline.observe(kind, rows, end.durationMs, { slowness, inFlight }), inFlight);
      }
    }
  }

  /** Nothing may start before `until`. */
  stop(until: number): void {
    this.#stoppedUntil = Math.max(this.#stoppedUntil, until);
    this.#probe.paused();
  }

  /** What another process has to know before it sends in this identity's name; what is under way counts as ended now. */
  ledger(now: number): IdentityLedger {
    const executionMs = this.#execution.describe(now);
    const underWay: [number, number] = [0, this.#inFlight * Math.max(this.#typicalMs, this.#typicalWriteMs)];
    return {
      requests: this.#requests.describe(now),
      executionMs: { ...executionMs, spent: [underWay, ...executionMs.spent] },
      pauseMs: Math.max(0, this.#stoppedUntil - now),
    };
  }

  /** Goes on where another process stopped sending, `agoMs` ago. */
  adopt(now: number, { requests, executionMs, pauseMs }: IdentityLedger, agoMs: number): void {
    this.#requests.adopt(now, requests, agoMs);
    this.#execution.adopt(now, executionMs, agoMs);
    if (pauseMs > agoMs) this.stop(now + pauseMs - agoMs);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Requests that may be in flight at once, as things stand; at least 1. */
  concurrency(now: number): number {
    return Math.min(this.#window.limit, this.#paced(now));
  }

  /** Share of the execution-time budget used in the current window. */
  budgetUsed(now: number): number {
    return this.#execution.used(now) / this.#execution.capacity;
  }

  /**
   * What one more request adds to the budget by the time it ends: itself and those under way, less what will have become free.
   * The service counts a request when it ends, so all of the budget can be used without looking ahead; a share that is to be
   * left free cannot.
   */
  #reserved(now: number): number {
    if (!this.#leavesFree) return 0;
    return (this.#inFlight + 1) * this.#typicalMs - this.#execution.freedWithin(now, this.#typicalMs);
  }

  /** Requests in flight that spend the budget more or less evenly over its window; any number in a sprint. */
  #paced(now: number): number {
    const { capacity } = this.#execution;
    // Others who are to have their share have it at every moment, not on average.
    if (this.#leavesFree) return Math.max(1, Math.ceil(capacity / budgetWindowMs));
    const used = this.#execution.used(now);
    if (used < capacity * restedBelow) this.#sprinting = true;
    else if (used >= capacity * sprintUpTo) this.#sprinting = false;
    if (this.#sprinting) return Infinity;
    return Math.max(1, Math.ceil((aheadOfEven * capacity) / budgetWindowMs));
  }
}
