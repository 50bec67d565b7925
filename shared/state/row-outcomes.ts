import { z } from 'zod';
import { type EntityTable, listAll, type StoredEntity } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** What became of one row in one run, where there is something to tell. */
export const rowOutcomeSchema = z.object({
  /** Id of the source row; of the map row where that names no usable key. */
  id: z.string(),
  outcome: z.enum(['linked', 'relinked', 'cleared', 'waiting', 'failed', 'gone', 'acrossUnits', 'assigned']),
  at: z.iso.datetime(),
  reason: z.string().optional(),
  /** Profile rows before and after, and the CustomerIds they stand for where known. */
  previousProfileId: z.string().optional(),
  previousCustomerId: z.string().optional(),
  profileId: z.string().optional(),
  customerId: z.string().optional(),
});
export type RowOutcome = z.infer<typeof rowOutcomeSchema>;

const form = new DocumentForm('row-outcome', 1, rowOutcomeSchema);

const outcomes = rowOutcomeSchema.shape.outcome.options;

const partitionOf = (runId: string, table: string): string => `${runId}|${table}`;
const rowOf = ({ outcome, id }: Pick<RowOutcome, 'outcome' | 'id'>): string => `${outcome}|${id}`;

/** Row outcomes by run and table; ordinary links and rows that were right are counted only. */
export class RowOutcomes {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  async record(runId: string, table: string, outcomes: readonly RowOutcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    await this.#table.applyAll(partitionOf(runId, table), {
      upserts: outcomes.map((outcome) => ({ rowKey: rowOf(outcome), document: form.mark(outcome) })),
    });
  }

  /** Lets go of what was true of rows only for a while. */
  async forget(runId: string, table: string, rows: readonly Pick<RowOutcome, 'outcome' | 'id'>[]): Promise<void> {
    await this.#table.applyAll(partitionOf(runId, table), { deletes: rows.map(rowOf) });
  }

  /** A page of outcomes, of one kind or all. */
  async page(
    runId: string,
    table: string,
    request: { outcome?: RowOutcome['outcome'] | undefined; pageSize: number; continuation?: string | undefined },
  ): Promise<{ outcomes: RowOutcome[]; continuation: string | undefined }> {
    const range = request.outcome === undefined ? {} : { from: `${request.outcome}|`, before: `${request.outcome}}` };
    const page = await this.#table.list(partitionOf(runId, table), {
      ...range,
      pageSize: request.pageSize,
      continuation: request.continuation,
    });
    return {
      outcomes: this.#read(page.entities),
      continuation: page.continuation,
    };
  }

  /** Up to `limit` outcomes of rows whose id begins so, of one kind or all; found by their keys, however many rows there are. */
  async byId(
    runId: string,
    table: string,
    request: { idPrefix: string; outcome?: RowOutcome['outcome'] | undefined; limit: number },
  ): Promise<RowOutcome[]> {
    const { idPrefix, outcome, limit } = request;
    const kinds = outcome === undefined ? outcomes : [outcome];
    const pages = await Promise.all(
      kinds.map((kind) => {
        const from = rowOf({ outcome: kind, id: idPrefix });
        // Ids are digits, letters and dashes: all of them come before this character.
        return this.#table.list(partitionOf(runId, table), { from, before: `${from}~`, pageSize: limit });
      }),
    );
    return pages.flatMap(({ entities }) => this.#read(entities)).slice(0, limit);
  }

  /** Outcomes of one row, of the given kinds. */
  async ofRow(
    runId: string,
    table: string,
    id: string,
    kinds: readonly RowOutcome['outcome'][],
  ): Promise<RowOutcome[]> {
    const found = await Promise.all(
      kinds.map((outcome) => this.#table.get(partitionOf(runId, table), rowOf({ outcome, id }))),
    );
    return this.#read(found.filter((entity) => entity !== undefined));
  }

  #read(entities: readonly StoredEntity[]): RowOutcome[] {
    return entities.map((entity) => form.read(entity, this.#tell)).filter((outcome) => outcome !== undefined);
  }

  /** Removes every outcome of one task. */
  async remove(runId: string, table: string): Promise<void> {
    const partition = partitionOf(runId, table);
    let rows: string[] = [];
    for await (const { rowKey } of listAll(this.#table, partition)) {
      rows.push(rowKey);
      if (rows.length === 1000) {
        await this.#table.applyAll(partition, { deletes: rows });
        rows = [];
      }
    }
    await this.#table.applyAll(partition, { deletes: rows });
  }
}
