import { DataverseError } from '../errors.ts';
import { isLookup, toCell } from '../metadata/column.ts';
import type { Table } from '../metadata/table.ts';
import type { Organisation } from '../organisation.ts';
import type { Value } from '../store/value.ts';
import { putOwner } from '../write/ownership.ts';
import { findRow, parseRowKey } from '../write/row-key.ts';

/** How many rows a bulk load touched. */
export interface LoadResult {
  readonly written: number;
  readonly deleted: number;
}

/**
 * Loads rows as if another system had written them: versions rise and change tracking sees them, but nothing fires, nothing is
 * limited and nothing counts. Each line of NDJSON is a row by logical column names, or `{"$delete":"<id>"}`.
 */
export async function loadRows(
  organisation: Organisation,
  tableName: string,
  body: string | AsyncIterable<Uint8Array>,
): Promise<LoadResult> {
  const table = organisation.table(tableName);
  if (!table)
    throw new DataverseError(404, '', `There is no table '${tableName}': create it by POST /__control/tables.`);
  const loader = new Loader(organisation, table);
  if (typeof body === 'string') loader.lines(body);
  else {
    // Lines are cut from text, not bytes: the decoder keeps characters together that two chunks share.
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of body) {
      const text = rest + decoder.decode(chunk, { stream: true });
      const end = text.lastIndexOf('\n') + 1;
      loader.lines(text.slice(0, end));
      rest = text.slice(end);
    }
    loader.lines(rest + decoder.decode());
  }
  // Put in order now, so that the first reader does not wait for it.
  table.rows.order.slots();
  return { written: loader.written, deleted: loader.deleted };
}

class Loader {
  readonly #organisation: Organisation;
  readonly #table: Table;
  #line = 0;
  written = 0;
  deleted = 0;

  constructor(organisation: Organisation, table: Table) {
    this.#organisation = organisation;
    this.#table = table;
  }

  lines(text: string): void {
    let start = 0;
    while (start < text.length) {
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      this.#line++;
      const line = text.slice(start, end).trim();
      if (line !== '') this.#load(line);
      start = end + 1;
    }
  }

  #load(line: string): void {
    const row = this.#parse(line);
    if (typeof row.$delete === 'string') this.#delete(row.$delete);
    else this.#upsert(row);
  }

  #upsert(row: Record<string, unknown>): void {
    const { rows, identity } = this.#table;
    const id = toCell('Uniqueidentifier', row[identity.primaryId] ?? this.#organisation.newId());
    if (typeof id !== 'string') throw this.#error(`'${identity.primaryId}' is not a GUID`);
    const partition = typeof row.partitionid === 'string' ? row.partitionid : undefined;
    const now = this.#organisation.now();
    const known = rows.find(id, partition);
    const slot = known ?? rows.insert(id, now, partition);
    // Only the root unit has no parent.
    if (known === undefined && this.#table.name === 'businessunit') {
      this.#table.columns.get('parentbusinessunitid')?.cells.set(slot, this.#organisation.rootBusinessUnitId);
    }
    for (const name in row) {
      if (name === identity.primaryId) continue;
      const column = this.#table.columns.get(name);
      if (!column) throw this.#error(`table '${this.#table.name}' has no column '${name}'`);
      if (name === 'modifiedon' || name === 'versionnumber') throw this.#error(`'${name}' is kept by the platform`);
      const value = toCell(column.type, row[name]);
      if (value === undefined) throw this.#error(`the value of '${name}' does not fit ${column.type}`);
      if (name === 'ownerid' && typeof value === 'string') putOwner(this.#organisation, this.#table, slot, value);
      else column.cells.set(slot, isLookup(column) ? this.#shared(column.targets, value) : value);
    }
    rows.touch(slot, this.#organisation.nextVersion(), now);
    this.written++;
  }

  /** The id as its own table keeps it, so that a million links share their targets' texts. */
  #shared(targets: readonly string[], value: Value): Value {
    if (typeof value !== 'string') return value;
    for (const name of targets) {
      const target = this.#organisation.table(name);
      const slot = target?.rows.find(value);
      if (target && slot !== undefined) return target.rows.ids[slot] as string;
    }
    return value;
  }

  #delete(text: string): void {
    const { rows } = this.#table;
    const slot = findRow(this.#table, parseRowKey(this.#table, text));
    if (slot === undefined) throw this.#error(`there is no row '${text}' to delete`);
    const deletion = { version: this.#organisation.nextVersion(), at: this.#organisation.now() };
    rows.remove(slot, this.#table.partitionOf(slot), deletion);
    this.deleted++;
  }

  #parse(line: string): Record<string, unknown> {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (error) {
      throw this.#error(error instanceof Error ? error.message : 'not JSON');
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw this.#error('not an object');
    return row as Record<string, unknown>;
  }

  #error(reason: string): DataverseError {
    return new DataverseError(400, '', `Line ${this.#line}: ${reason}.`);
  }
}
