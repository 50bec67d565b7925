import type { Telemetry } from '../telemetry/telemetry.ts';
import { BatchSize } from './batch-size.ts';
import { Breaker } from './breaker.ts';
import type { BulkSupport } from './bulk-support.ts';
import { BulkTrust } from './bulk-trust.ts';
import type { Clock } from './clock.ts';
import type { UpdateRequest } from './dataverse.ts';
import type { IdentityPool } from './identity-pool.ts';
import { KnownRefusals } from './known-refusals.ts';
import { rowsPerRequest, rowsWorthARequest } from './limits.ts';
import type { Sender } from './sender.ts';
import type { Bypass } from './update-payload.ts';

/**
 * How rows are written:
 * - `multiple`: UpdateMultiple, one transaction, all or nothing
 * - `batch`: a `$batch` of single updates, each with an answer of its own
 */
export type WriteMode = 'multiple' | 'batch';

export interface RowWriterOptions {
  readonly sender: Sender;
  readonly pool: IdentityPool;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly bulkSupport: BulkSupport;
  readonly bypass: Bypass;
  /** Shows in the context of the organisation's plug-ins, so that they can tell our writes. */
  readonly tag?: string | undefined;
}

/** What it takes to write rows of any table, and what was learned of each: it serves every later update of the process. */
export class RowWriter {
  readonly options: RowWriterOptions;
  /** Tables, by logical name, whose UpdateMultiple does not take `null` for a lookup. */
  readonly nullRefused = new Set<string>();
  /** Rows of all updates under way that are not answered yet. */
  backlog = 0;
  /** Tables with a request through since their schema changed. */
  readonly #warm = new Set<string>();
  readonly #sizes = new Map<string, BatchSize>();
  readonly #trusts = new Map<string, BulkTrust>();
  readonly #known = new Map<string, KnownRefusals>();
  readonly #breakers = new Map<string, Breaker>();

  constructor(options: RowWriterOptions) {
    this.options = options;
  }

  /** Whether the next request for the table has to go alone: its schema has just changed, and none has been through since. */
  needsWarmUp({ table, warmUp }: UpdateRequest): boolean {
    return warmUp === true && !this.#warm.has(table.logicalName);
  }

  warmedUp(table: string): void {
    this.#warm.add(table);
  }

  /** Notes that the schema of a table, by logical name, has changed. */
  schemaChanged(table: string): void {
    this.#warm.delete(table);
  }

  /** The learned size of bulk requests of a table, by logical name. */
  size(table: string, mode: WriteMode): BatchSize {
    const key = `${mode}:${table}`;
    return remembered(this.#sizes, key, () => new BatchSize(rowsPerRequest[mode]));
  }

  /** Whether the bulk messages of a table, by logical name, are worth sending. */
  trust(table: string): BulkTrust {
    return remembered(this.#trusts, table, () => new BulkTrust());
  }

  /** Which refusals of a table's rows, by logical name, are known to stay. */
  known(table: string): KnownRefusals {
    return remembered(this.#known, table, () => new KnownRefusals());
  }

  /** Whether a table, by logical name, takes writes at all. */
  breaker(table: string): Breaker {
    return remembered(this.#breakers, table, () => new Breaker());
  }

  /**
   * Rows for each request of an update that begins: the learned size, or fewer, so that the rows at hand keep every request
   * busy that may be in flight, and end together.
   */
  chunkRows(table: string, mode: WriteMode, concurrency: number): number {
    const { rows } = this.size(table, mode);
    const rounds = Math.ceil(this.backlog / (rows * concurrency));
    const evenShare = Math.ceil(this.backlog / (Math.max(1, rounds) * concurrency));
    return Math.min(rows, Math.max(rowsWorthARequest, evenShare));
  }
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
  }
  return value;
}
