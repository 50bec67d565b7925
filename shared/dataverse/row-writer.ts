import { TerminalError } from '../errors.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { BatchSize, type SizeBounds } from './batch-size.ts';
import type { BulkSupport } from './bulk-support.ts';
import type { Clock } from './clock.ts';
import type { UpdateReport, UpdateRequest } from './dataverse.ts';
import type { IdentityPool } from './identity-pool.ts';
import type { Sender } from './sender.ts';
import type { Bypass } from './update-payload.ts';
import { UpdateRun } from './update-run.ts';

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

const BOUNDS: Readonly<Record<WriteMode, SizeBounds>> = {
  // More than a thousand rows at once bring nothing more and risk time-outs.
  multiple: { first: 200, smallest: 50, largest: 1_000 },
  // Each part costs the server as much as a request of its own: a long batch is only a slow one.
  batch: { first: 100, smallest: 10, largest: 100 },
};

/** No chunk is made smaller than this to keep more requests busy. */
const WORTH_A_REQUEST = 100;

/** Writes rows of any table; what it learns of a table serves every later update of the process. */
export class RowWriter {
  readonly options: RowWriterOptions;
  /** Tables, by logical name, whose UpdateMultiple does not take `null` for a lookup. */
  readonly nullRefused = new Set<string>();
  /** Rows of all updates under way that are not answered yet. */
  backlog = 0;
  /** Tables with a request through since their schema changed. */
  readonly #warm = new Set<string>();
  readonly #sizes = new Map<string, BatchSize>();

  constructor(options: RowWriterOptions) {
    this.options = options;
  }

  /** See `Dataverse.update`. */
  async update(request: UpdateRequest): Promise<UpdateReport> {
    const { table, rows, warmUp } = request;
    if (new Set(rows.map(({ id }) => id)).size < rows.length) {
      throw new TerminalError(`An update of ${table.logicalName} names a row twice; each row may occur once.`);
    }
    if (rows.length === 0) return { written: [], gone: [], failed: [], unsent: [] };
    if (warmUp && this.needsWarmUp(request)) this.options.sender.expectSchemaLag(table.entitySetName);
    return new UpdateRun(this, request).run();
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
    let size = this.#sizes.get(key);
    if (!size) {
      size = new BatchSize(BOUNDS[mode]);
      this.#sizes.set(key, size);
    }
    return size;
  }

  /**
   * Rows for each request of an update that begins: the learned size, or fewer, so that the rows at hand keep every request
   * busy that may be in flight, and end together.
   */
  chunkRows(table: string, mode: WriteMode, concurrency: number): number {
    const { rows } = this.size(table, mode);
    const rounds = Math.ceil(this.backlog / (rows * concurrency));
    const evenShare = Math.ceil(this.backlog / (Math.max(1, rounds) * concurrency));
    return Math.min(rows, Math.max(WORTH_A_REQUEST, evenShare));
  }
}
