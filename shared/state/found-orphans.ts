import { z } from 'zod';
import { type EntityTable, listAll } from './entity-table.ts';

/** A link that a walk found and the map no longer gives; kept until it is cleared or confirmed. */
const foundOrphanSchema = z.object({ id: z.string(), profileId: z.string() });
export type FoundOrphan = z.infer<typeof foundOrphanSchema>;

/** Orphans found by the walk in progress, by table: nothing is cleared before their number is known. */
export class FoundOrphans {
  readonly #table: EntityTable;

  constructor(table: EntityTable) {
    this.#table = table;
  }

  async keep(table: string, orphans: readonly FoundOrphan[]): Promise<void> {
    await this.#table.applyAll(table, { upserts: orphans.map((orphan) => ({ rowKey: orphan.id, document: orphan })) });
  }

  async page(table: string, after: string | undefined, pageSize: number): Promise<FoundOrphan[]> {
    const page = await this.#table.list(table, { from: after === undefined ? undefined : `${after} `, pageSize });
    return page.entities.map(({ document }) => foundOrphanSchema.parse(document));
  }

  async drop(table: string, ids: readonly string[]): Promise<void> {
    await this.#table.applyAll(table, { deletes: ids });
  }

  /** Forgets what an earlier walk found. */
  async dropAll(table: string): Promise<void> {
    const rows: string[] = [];
    for await (const { rowKey } of listAll(this.#table, table)) rows.push(rowKey);
    await this.drop(table, rows);
  }
}
