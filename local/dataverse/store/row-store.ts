import { ChangeLog } from './change-log.ts';
import type { ColumnData } from './column-data.ts';
import { GuidIndex } from './guid-index.ts';
import { PrimaryKeyOrder } from './primary-key-order.ts';

/** The trace a deleted row leaves for change tracking. */
export interface Deletion {
  readonly id: string;
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * The rows of one table, column by column. A row is known by its *slot*, a small number that is never given again; what
 * belongs to every row (id, version, dates) lives in packed arrays here, the other columns keep their own cells.
 */
export class RowStore {
  readonly ids: string[] = [];
  readonly order = new PrimaryKeyOrder(this.ids);
  readonly changes = new ChangeLog();
  readonly deletions: Deletion[] = [];
  /** Raised by every write: results computed under an older revision may be out of date. */
  revision = 0;
  /** While a transaction may still be undone, log entries of older versions are needed again. */
  keepsHistory = false;
  readonly #slots = new GuidIndex();
  /** Elastic rows outside their default partition: by id and partition, and by id alone. */
  readonly #inPartition = new Map<string, number>();
  readonly #partitioned = new Map<string, number[]>();
  #versions = new Float64Array(1024);
  #createdOn = new Float64Array(1024);
  #modifiedOn = new Float64Array(1024);
  #alive = new Uint8Array(1024);
  #writes = new Uint16Array(1024);
  #count = 0;

  /** Number of rows. */
  get count(): number {
    return this.#count;
  }

  /** Slot of the row with this id; an elastic row outside its default partition is found only with its partition id. */
  find(id: string, partition?: string): number | undefined {
    return isDefault(id, partition) ? this.#slots.find(id) : this.#inPartition.get(`${id}/${partition}`);
  }

  /** Slots of all rows with this id, in whatever partition. */
  findAll(id: string): readonly number[] {
    const slot = this.#slots.find(id);
    const partitioned = this.#partitioned.get(id);
    if (partitioned === undefined) return slot === undefined ? [] : [slot];
    return slot === undefined ? partitioned : [slot, ...partitioned];
  }

  isAlive(slot: number): boolean {
    return this.#alive[slot] === 1;
  }

  version(slot: number): number {
    return this.#versions[slot] as number;
  }

  createdOn(slot: number): number {
    return this.#createdOn[slot] as number;
  }

  modifiedOn(slot: number): number {
    return this.#modifiedOn[slot] as number;
  }

  /** How often the API wrote this row since the statistics were last reset. */
  writes(slot: number): number {
    return this.#writes[slot] as number;
  }

  countWrite(slot: number): void {
    const writes = this.#writes[slot] as number;
    if (writes < 65_535) this.#writes[slot] = writes + 1;
  }

  resetWrites(): void {
    this.#writes.fill(0);
  }

  /** Makes room for a row under an id that is free; {@link touch} must follow. */
  insert(id: string, now: number, partition?: string): number {
    const slot = this.ids.length;
    if (slot === this.#versions.length) this.#grow();
    this.ids.push(id);
    this.#list(id, partition, slot);
    this.#alive[slot] = 1;
    this.#createdOn[slot] = now;
    this.#count++;
    return slot;
  }

  /** Stamps a row as written now. */
  touch(slot: number, version: number, now: number): void {
    this.#versions[slot] = version;
    this.#modifiedOn[slot] = now;
    this.changes.append(version, slot);
    this.revision++;
    if (!this.keepsHistory && this.changes.length > 2 * this.#count + 10_000) {
      this.changes.compact((logged, of) => this.isCurrent(logged, of));
    }
  }

  /** Whether a log entry speaks of the row's latest version. */
  isCurrent(version: number, slot: number): boolean {
    return this.#alive[slot] === 1 && this.#versions[slot] === version;
  }

  /** Removes a row; `deletion` is `undefined` when an insert is undone. */
  remove(slot: number, partition: string | undefined, deletion?: Omit<Deletion, 'id'>): void {
    const id = this.ids[slot] as string;
    if (isDefault(id, partition)) this.#slots.delete(id);
    else {
      this.#inPartition.delete(`${id}/${partition}`);
      this.#partitioned.set(id, this.#partitioned.get(id)?.filter((other) => other !== slot) ?? []);
    }
    this.#alive[slot] = 0;
    this.#count--;
    this.revision++;
    if (deletion) this.deletions.push({ id, ...deletion });
  }

  /** Undoes {@link remove}. */
  revive(slot: number, partition: string | undefined): void {
    this.#list(this.ids[slot] as string, partition, slot);
    this.#alive[slot] = 1;
    this.#count++;
    this.revision++;
    this.deletions.pop();
  }

  /** Undoes {@link touch}. */
  restore(slot: number, version: number, modifiedOn: number): void {
    this.#versions[slot] = version;
    this.#modifiedOn[slot] = modifiedOn;
    this.revision++;
  }

  /** The packed arrays as columns. */
  readonly idCells: ColumnData = { get: (slot) => this.ids[slot] as string, set: refuse };
  readonly versionCells: ColumnData = { get: (slot) => this.version(slot), set: refuse };
  readonly createdOnCells: ColumnData = {
    get: (slot) => this.createdOn(slot),
    set: (slot, value) => {
      this.#createdOn[slot] = Number(value);
    },
  };
  readonly modifiedOnCells: ColumnData = { get: (slot) => this.modifiedOn(slot), set: refuse };

  #list(id: string, partition: string | undefined, slot: number): void {
    if (isDefault(id, partition)) {
      this.#slots.set(id, slot);
      return;
    }
    this.#inPartition.set(`${id}/${partition}`, slot);
    this.#partitioned.set(id, [...(this.#partitioned.get(id) ?? []), slot]);
  }

  #grow(): void {
    const size = this.#versions.length * 2;
    const wider = (old: Float64Array<ArrayBuffer>) => {
      const grown = new Float64Array(size);
      grown.set(old);
      return grown;
    };
    this.#versions = wider(this.#versions);
    this.#createdOn = wider(this.#createdOn);
    this.#modifiedOn = wider(this.#modifiedOn);
    const alive = new Uint8Array(size);
    alive.set(this.#alive);
    this.#alive = alive;
    const writes = new Uint16Array(size);
    writes.set(this.#writes);
    this.#writes = writes;
  }
}

/** Elastic rows are told apart by id and partition id, where the default partition id is the id itself. */
const isDefault = (id: string, partition: string | undefined) => partition === undefined || partition === id;

function refuse(): never {
  throw new Error('This column is kept by the store itself.');
}
