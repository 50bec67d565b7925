import { z } from 'zod';
import { type EntityTable, listAll } from './entity-table.ts';

/** A source row that could not be linked yet; every later pass tries it again. */
export const pendingRowSchema = z.object({
  /** Id of the source row, a GUID in lower case. */
  id: z.string(),
  /** Id of the map row that names it; where owners are seen to, its own id. */
  mapRowId: z.string(),
  /** Version of that map row, where it has a usable key; what a newer one gives the source row settles this. */
  version: z.number().optional(),
  /** `acrossUnits`: left without a link, because its profile belongs to another business unit. */
  cause: z.enum(['waiting', 'failed', 'acrossUnits']),
  /** Why, in words that an operator can act on. */
  reason: z.string(),
  firstTriedAt: z.iso.datetime(),
  lastTriedAt: z.iso.datetime(),
  /** The run of the last try. */
  runId: z.string(),
});
export type PendingRow = z.infer<typeof pendingRowSchema>;

/** Pending rows by table. */
export class PendingRows {
  readonly #table: EntityTable;

  constructor(table: EntityTable) {
    this.#table = table;
  }

  /** Keeps rows, and lets go of those that are linked or gone. */
  async update(table: string, changes: { keep?: readonly PendingRow[]; drop?: readonly string[] }): Promise<void> {
    await this.#table.applyAll(table, {
      upserts: (changes.keep ?? []).map((row) => ({ rowKey: row.id, document: row })),
      deletes: changes.drop ?? [],
    });
  }

  /** Rows in the order of their ids, after the given one. */
  async page(table: string, after: string | undefined, pageSize: number): Promise<PendingRow[]> {
    // The smallest key that follows `after`: ids hold only digits, letters and dashes.
    const page = await this.#table.list(table, { from: after === undefined ? undefined : `${after} `, pageSize });
    return page.entities.map(({ document }) => pendingRowSchema.parse(document));
  }

  /** Those of some rows that are pending. */
  async among(table: string, ids: readonly string[]): Promise<PendingRow[]> {
    const found = await Promise.all(ids.map((id) => this.#table.get(table, id)));
    return found.filter((entity) => entity !== undefined).map(({ document }) => pendingRowSchema.parse(document));
  }

  async *all(table: string): AsyncGenerator<PendingRow> {
    for await (const { document } of listAll(this.#table, table)) yield pendingRowSchema.parse(document);
  }
}
