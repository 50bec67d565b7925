import type { Value } from './value.ts';

/** The cells of one column, by slot. */
export interface ColumnData {
  get(slot: number): Value;
  set(slot: number, value: Value): void;
  /** What the cell holds when nothing was written to it. */
  readonly defaultValue?: Value;
  /**
   * Slots whose value equals one of the given ones, text in any casing; `undefined` if they are more than `limit`, for then
   * a scan is cheaper. An index is kept from the first call on. Neither null nor the default can be looked for.
   */
  find?(values: Iterable<Value>, limit: number): Set<number> | undefined;
}

/** Case is ignored wherever text is compared. */
export const comparable = (value: Value): Value => (typeof value === 'string' ? value.toLowerCase() : value);

/**
 * Cells that take no memory until the first one differs from the column's default: tables of a million rows have dozens of
 * columns that are never filled.
 */
export class ValueData implements ColumnData {
  readonly #default: Value;
  #values: (Value | undefined)[] | undefined;
  #index: Map<Value, number | Set<number>> | undefined;

  constructor(defaultValue: Value) {
    this.#default = defaultValue;
  }

  get defaultValue(): Value {
    return this.#default;
  }

  get(slot: number): Value {
    if (this.#values === undefined) return this.#default;
    const value = this.#values[slot];
    return value === undefined ? this.#default : value;
  }

  set(slot: number, value: Value): void {
    if (this.#values === undefined) {
      if (value === this.#default) return;
      this.#values = [];
    }
    const values = this.#values;
    if (this.#index) {
      this.#unlist(slot, this.get(slot));
      this.#list(slot, value);
    }
    while (values.length < slot) values.push(undefined);
    values[slot] = value;
  }

  find(wanted: Iterable<Value>, limit: number): Set<number> | undefined {
    this.#index ??= this.#build();
    const found = new Set<number>();
    for (const value of wanted) {
      const slots = this.#index.get(comparable(value));
      if (typeof slots === 'number') found.add(slots);
      else if (slots && slots.size > limit) return undefined;
      else if (slots) for (const slot of slots) found.add(slot);
      if (found.size > limit) return undefined;
    }
    return found;
  }

  #build(): Map<Value, number | Set<number>> {
    this.#index = new Map();
    const values = this.#values ?? [];
    for (let slot = 0; slot < values.length; slot++) this.#list(slot, values[slot] ?? null);
    return this.#index;
  }

  /** Cells at their default are not listed: whoever looks for the default has to scan. */
  #list(slot: number, value: Value): void {
    if (value === null || value === this.#default) return;
    const key = comparable(value);
    const slots = this.#index?.get(key);
    if (slots === undefined) this.#index?.set(key, slot);
    else if (typeof slots === 'number') this.#index?.set(key, new Set([slots, slot]));
    else slots.add(slot);
  }

  #unlist(slot: number, value: Value): void {
    if (value === null || value === this.#default) return;
    const key = comparable(value);
    const slots = this.#index?.get(key);
    if (slots === slot) this.#index?.delete(key);
    else if (slots instanceof Set) slots.delete(slot);
  }
}
