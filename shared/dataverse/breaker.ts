import type { FailureClass } from './classify.ts';
import { refusalsInARow, refusalsOfApp } from './limits.ts';
import type { Refusal } from './service-failure.ts';

/** Refusals of the identity or by the organisation: what some rows meet, all rows meet. */
const ofAllRows: ReadonlySet<FailureClass> = new Set(['privilege', 'identityRefused', 'organisation', 'unauthorized']);

/**
 * Whether a table takes writes at all. It opens where rows from all over an update are refused alike and none is taken;
 * the next update then begins with a few rows. Pure; one for each table, shared by all updates of the process.
 */
export class Breaker {
  #alike = '';
  #inARow = 0;
  #hasTaken = false;
  #isOpen = false;

  /** The table refused every row when it was last asked. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** A row of the table was written by this process. */
  get hasTaken(): boolean {
    return this.#hasTaken;
  }

  open(): void {
    this.#isOpen = true;
  }

  taken(): void {
    this.#hasTaken = true;
    this.#isOpen = false;
    this.#inARow = 0;
  }

  /** Rows were refused, each by itself or, where their number is of no account, all together. */
  refused({ failureClass, code }: Refusal, rows = 1): void {
    const alike = `${failureClass} ${code}`;
    this.#inARow = alike === this.#alike ? this.#inARow + rows : rows;
    this.#alike = alike;
  }

  /** Whether so many rows in a row were refused like this one that the whole table must be asked about. */
  isSuspicious(refusal: Refusal, rowsAtHand: number): boolean {
    if (this.#isOpen) return true;
    const isOfAll = isOfAllRows(refusal) && !this.#hasTaken;
    return this.#inARow >= (isOfAll ? Math.min(refusalsOfApp, rowsAtHand) : refusalsInARow);
  }
}

/** Whether a refusal speaks of the identity, the organisation or the way to it, not of the rows in the request. */
export const isOfAllRows = ({ failureClass, isService }: Refusal): boolean =>
  ofAllRows.has(failureClass) || (failureClass === 'transient' && !isService);
