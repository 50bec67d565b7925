import { z } from 'zod';
import { type EntityTable, listAll } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A link that a walk found and the map no longer gives; kept until it is cleared or confirmed. */
const foundOrphanSchema = z.object({ id: z.string(), profileId: z.string() });
export type FoundOrphan = z.infer<typeof foundOrphanSchema>;

const form = new DocumentForm('found-orphan', 1, foundOrphanSchema);

/** Orphans found by the walk in progress, by table: nothing is cleared before their number is known. */
export class FoundOrphans {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  async keep(table: string, orphans: readonly FoundOrphan[]): Promise<void> {
    await this.#table.applyAll(table, {
      upserts: orphans.map((orphan) => ({ rowKey: orphan.id, document: form.mark(orphan) })),
    });
  }

  /** Orphans in the order of their ids, after the given one; none only where there are no more. */
  async page(table: string, after: string | undefined, pageSize: number): Promise<FoundOrphan[]> {
    let from = after === undefined ? undefined : `${after} `;
    for (;;) {
      const { entities } = await this.#table.list(table, { from, pageSize });
      const orphans = entities.map((entity) => form.read(entity, this.#tell)).filter((orphan) => orphan !== undefined);
      const last = entities.at(-1);
      if (orphans.length > 0 || last === undefined) return orphans;
      from = `${last.rowKey} `;
    }
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
