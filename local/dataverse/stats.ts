import type { ThrottleCause } from './limits/budget.ts';
import type { Table } from './metadata/table.ts';

type Counts = Map<string, number>;

const raise = (counts: Counts, key: string, by = 1) => counts.set(key, (counts.get(key) ?? 0) + by);

/** Counts what was asked of the organisation and what came of it, for tests and benchmarks. */
export class Stats {
  #total = 0;
  #entitlement = 0;
  readonly #byKind: Counts = new Map();
  readonly #byStatus: Counts = new Map();
  readonly #byCaller = new Map<string, Counts>();
  readonly #rowsWritten: Counts = new Map();
  readonly #columnsWritten = new Map<string, Counts>();
  readonly #fired: Counts = new Map();
  readonly #throttled: Counts = new Map();

  /** A request as it came over the wire; a batch is one. */
  request(kind: string, clientId: string, status: number): void {
    this.#total++;
    raise(this.#byKind, kind);
    raise(this.#byStatus, String(status));
    const caller = this.#byCaller.get(clientId) ?? new Map();
    this.#byCaller.set(clientId, caller);
    raise(caller, 'total');
    raise(caller, kind);
  }

  /** Operations that count toward the entitlement: each row of a bulk message, each part of a batch. */
  operations(count: number): void {
    this.#entitlement += count;
  }

  rowWritten(table: Table, slot: number, columns: Iterable<string>): void {
    table.rows.countWrite(slot);
    raise(this.#rowsWritten, table.name);
    let ofTable = this.#columnsWritten.get(table.name);
    if (!ofTable) {
      ofTable = new Map();
      this.#columnsWritten.set(table.name, ofTable);
    }
    for (const column of columns) raise(ofTable, column);
  }

  fired(name: string): void {
    raise(this.#fired, name);
  }

  throttled(cause: ThrottleCause | 'customization'): void {
    raise(this.#throttled, cause);
  }

  reset(tables: Iterable<Table>): void {
    this.#total = 0;
    this.#entitlement = 0;
    for (const counts of [this.#byKind, this.#byStatus, this.#rowsWritten, this.#fired, this.#throttled])
      counts.clear();
    this.#byCaller.clear();
    this.#columnsWritten.clear();
    for (const table of tables) table.rows.resetWrites();
  }

  /** Everything counted since the last reset, as the control plane shows it. */
  report(tables: Iterable<Table>, inFlight: number, maxInFlight: number): object {
    const byName = [...tables].filter((table) => this.#rowsWritten.has(table.name));
    return {
      requests: { total: this.#total, byKind: plain(this.#byKind), byStatus: plain(this.#byStatus) },
      byCaller: Object.fromEntries([...this.#byCaller].map(([caller, counts]) => [caller, plain(counts)])),
      rowsWritten: plain(this.#rowsWritten),
      columnsWritten: Object.fromEntries([...this.#columnsWritten].map(([table, counts]) => [table, plain(counts)])),
      rowsByWrite: Object.fromEntries(byName.map((table) => [table.name, writesOf(table)])),
      fired: plain(this.#fired),
      throttled: { requests: 0, executionTime: 0, concurrency: 0, customization: 0, ...plain(this.#throttled) },
      entitlement: this.#entitlement,
      inFlight,
      maxInFlight,
    };
  }
}

const plain = (counts: Counts): Record<string, number> => Object.fromEntries(counts);

function writesOf(table: Table): object {
  let [total, rows, moreThanOnce, most] = [0, 0, 0, 0];
  for (let slot = 0; slot < table.rows.ids.length; slot++) {
    const writes = table.rows.writes(slot);
    if (writes === 0) continue;
    total += writes;
    rows++;
    if (writes > 1) moreThanOnce++;
    most = Math.max(most, writes);
  }
  return { total, rows, moreThanOnce, most };
}
