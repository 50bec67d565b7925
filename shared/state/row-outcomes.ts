import { z } from 'zod';
import type { EntityTable, StoredEntity } from './entity-table.ts';
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

/** What one run did to one row. */
const rowHistorySchema = rowOutcomeSchema.extend({ runId: z.string() });
export type PastOutcome = z.infer<typeof rowHistorySchema>;
const historyForm = new DocumentForm('row-history', 1, rowHistorySchema);

const outcomes = rowOutcomeSchema.shape.outcome.options;

const partitionOf = (runId: string, table: string): string => `${runId}|${table}`;
const rowOf = ({ outcome, id }: Pick<RowOutcome, 'outcome' | 'id'>): string => `${outcome}|${id}`;

/**
 * Outcomes that are found by their row too: what took a link from it, and what refused one. A row that waits is found
 * among the pending ones, and millions may wait at once.
 */
const historicKinds: ReadonlySet<RowOutcome['outcome']> = new Set(['relinked', 'cleared', 'failed', 'acrossUnits']);
const isHistoric = ({ outcome, previousProfileId }: RowOutcome): boolean =>
  historicKinds.has(outcome) && (outcome !== 'acrossUnits' || previousProfileId !== undefined);

/** A table's rows are spread over sixteen partitions, as a storage partition takes some 2,000 of them a second. */
const historyPartition = (table: string, id: string): string => `history|${table}|${id.at(-1)}`;
const historyRow = (runId: string, { outcome, id }: Pick<RowOutcome, 'outcome' | 'id'>): string =>
  `${id}|${runId}|${outcome}`;

/** Entries of one row's history that are told; a row has a handful. */
const mostPast = 100;

/** Row outcomes by run and table, and by row; ordinary links and rows that were right are counted only. */
export class RowOutcomes {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /** @param isReal whether it was done: what a rehearsal would do is no row's history */
  async record(
    runId: string,
    table: string,
    outcomes: readonly RowOutcome[],
    { isReal = true }: { readonly isReal?: boolean } = {},
  ): Promise<void> {
    if (outcomes.length === 0) return;
    await this.#table.applyAll(partitionOf(runId, table), {
      upserts: outcomes.map((outcome) => ({ rowKey: rowOf(outcome), document: form.mark(outcome) })),
    });
    const historic = isReal ? outcomes.filter(isHistoric) : [];
    for (const [partition, some] of Map.groupBy(historic, ({ id }) => historyPartition(table, id))) {
      await this.#table.applyAll(partition, {
        upserts: some.map((outcome) => ({
          rowKey: historyRow(runId, outcome),
          document: historyForm.mark({ ...outcome, runId }),
        })),
      });
    }
  }

  /** Lets go of what was true of rows only for a while. */
  async forget(runId: string, table: string, rows: readonly Pick<RowOutcome, 'outcome' | 'id'>[]): Promise<void> {
    await this.#table.applyAll(partitionOf(runId, table), { deletes: rows.map(rowOf) });
    await this.#forgetHistory(runId, table, rows);
  }

  async #forgetHistory(
    runId: string,
    table: string,
    rows: readonly Pick<RowOutcome, 'outcome' | 'id'>[],
  ): Promise<void> {
    const mayBeHistoric = rows.filter(({ outcome }) => historicKinds.has(outcome));
    for (const [partition, some] of Map.groupBy(mayBeHistoric, ({ id }) => historyPartition(table, id))) {
      await this.#table.applyAll(partition, { deletes: some.map((row) => historyRow(runId, row)) });
    }
  }

  /** What runs did to one row where that took its link away or failed, newest first; one read. */
  async ofRowInAllRuns(table: string, id: string): Promise<PastOutcome[]> {
    // `}` is the character after `|`.
    const range = { from: `${id}|`, before: `${id}}`, pageSize: mostPast };
    const { entities } = await this.#table.list(historyPartition(table, id), range);
    return entities
      .map((entity) => historyForm.read(entity, this.#tell))
      .filter((outcome) => outcome !== undefined)
      .sort((a, b) => (a.at < b.at ? 1 : -1));
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

  /**
   * Removes outcomes of one task, from the histories of its rows too.
   * @param most about how many at most: a run may have moved millions of rows
   * @returns how many were removed; fewer than `most` where none is left
   */
  async remove(runId: string, table: string, most: number): Promise<number> {
    const partition = partitionOf(runId, table);
    for (let removed = 0; ; ) {
      const { entities } = await this.#table.list(partition, { pageSize: Math.min(1_000, most - removed) });
      await this.#forgetHistory(runId, table, this.#read(entities).filter(isHistoric));
      await this.#table.applyAll(partition, { deletes: entities.map(({ rowKey }) => rowKey) });
      removed += entities.length;
      if (entities.length === 0 || removed >= most) return removed;
    }
  }
}
