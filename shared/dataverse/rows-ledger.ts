import type { RowFailure, RowUpdate, UpdateReport } from './dataverse.ts';
import type { Refusal } from './service-failure.ts';

/** A row whose write was refused by itself, and how often. */
export interface RefusedRow {
  readonly row: RowUpdate;
  readonly refusal: Refusal;
  readonly tries: number;
}

/** How often a row is sent whose refusal may pass; then it stays with the row. */
const MAX_TRIES = 4;

/** What became of each row of one update, and which rows were refused and are not judged yet. */
export class RowsLedger {
  readonly #written: string[] = [];
  readonly #gone: string[] = [];
  readonly #failed: RowFailure[] = [];
  readonly #tries = new Map<string, number>();
  #refused: RefusedRow[] = [];

  written(rows: readonly RowUpdate[]): void {
    for (const { id } of rows) this.#written.push(id);
  }

  gone(rows: readonly RefusedRow[]): void {
    for (const { row } of rows) this.#gone.push(row.id);
  }

  failed(rows: readonly RefusedRow[]): void {
    for (const { row, refusal } of rows) {
      this.#failed.push({ id: row.id, code: refusal.code, message: refusal.message });
    }
  }

  refused(row: RowUpdate, refusal: Refusal): void {
    const tries = (this.#tries.get(row.id) ?? 0) + 1;
    this.#tries.set(row.id, tries);
    this.#refused.push({ row, refusal, tries });
  }

  /** The refused rows since this was asked last. */
  takeRefused(): readonly RefusedRow[] {
    const refused = this.#refused;
    this.#refused = [];
    return refused;
  }

  report(unsent: readonly RowUpdate[], stopped: Error | undefined): UpdateReport {
    return {
      written: this.#written,
      gone: this.#gone,
      failed: this.#failed,
      unsent: unsent.map(({ id }) => id),
      ...(stopped === undefined ? {} : { stopped }),
    };
  }
}

/** Whether a refused row keeps its refusal, instead of being sent again. */
export const isFinal = ({ refusal: { failureClass }, tries }: RefusedRow): boolean =>
  failureClass === 'row' || (tries >= MAX_TRIES && !WAITS.has(failureClass));

/** Whether patience with a refusal that is no row's is over. */
export const isTooLong = ({ refusal: { failureClass }, tries }: RefusedRow): boolean =>
  WAITS.has(failureClass) && tries >= 2 * MAX_TRIES;

/** Refusals that never belong to a row. */
const WAITS: ReadonlySet<string> = new Set(['throttle', 'unauthorized', 'customizationLock']);
