import type { RowFailure, RowUpdate, UpdateReport } from './dataverse.ts';
import { mostTriesOfRow } from './limits.ts';
import type { Refusal } from './service-failure.ts';

/** A row whose write was refused by itself, and how often. */
export interface RefusedRow {
  readonly row: RowUpdate;
  readonly refusal: Refusal;
  readonly tries: number;
}

/** What became of each row of one update, and which rows were refused and are not judged yet. */
export class RowsLedger {
  readonly #written: string[] = [];
  readonly #gone: string[] = [];
  readonly #failed: RowFailure[] = [];
  /** The latest refusal of each row that was refused. */
  readonly #met = new Map<string, RefusedRow>();
  #refused: RefusedRow[] = [];

  /** Returns the refusals that those of the rows had met before. */
  written(rows: readonly RowUpdate[]): readonly Refusal[] {
    for (const { id } of rows) this.#written.push(id);
    if (this.#met.size === 0) return [];
    return rows.map(({ id }) => this.#met.get(id)?.refusal).filter((refusal) => refusal !== undefined);
  }

  gone({ row }: RefusedRow): void {
    this.#gone.push(row.id);
  }

  failed({ row, refusal }: RefusedRow): void {
    this.#failed.push({ id: row.id, code: refusal.code, message: refusal.message });
  }

  refused(row: RowUpdate, refusal: Refusal): void {
    const refused = { row, refusal, tries: (this.#met.get(row.id)?.tries ?? 0) + 1 };
    this.#met.set(row.id, refused);
    this.#refused.push(refused);
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
  failureClass === 'row' || (tries >= mostTriesOfRow && !waitingClasses.has(failureClass));

/** Whether patience with a refusal that is no row's is over. */
export const isTooLong = ({ tries }: RefusedRow): boolean => tries >= 2 * mostTriesOfRow;

/** Refusals that never belong to a row. */
const waitingClasses: ReadonlySet<string> = new Set(['throttle', 'customizationLock']);
