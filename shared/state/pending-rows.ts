import { z } from 'zod';
import { type EntityTable, listAll, type StoredEntity } from './entity-table.ts';
import { DocumentForm, type TellUnreadable, tellNobody } from './stored-document.ts';

/** A source row that could not be linked yet; every later pass tries it again. */
export const pendingRowSchema = z.object({
  /** Id of the source row, a GUID in lower case. */
  id: z.string(),
  /** Linking: id of the map row that names it. */
  mapRowId: z.string().optional(),
  /** Version of that map row, where it has a usable key; what a newer one gives the source row settles this. */
  version: z.number().optional(),
  /** Linking: the row has a link all the same, to the profile of an older map row. */
  isLinked: z.literal(true).optional(),
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

/** Whether it stands for a map row without a usable key: which source row it is about is not known. */
export const isMapRow = ({ id, mapRowId }: PendingRow): boolean => id === mapRowId;

const form = new DocumentForm('pending-row', 1, pendingRowSchema);

/** Pending rows by table. */
export class PendingRows {
  readonly #table: EntityTable;
  readonly #tell: TellUnreadable;

  constructor(table: EntityTable, tell: TellUnreadable = tellNobody) {
    this.#table = table;
    this.#tell = tell;
  }

  /** Keeps rows, and lets go of those that are linked or gone. */
  async update(table: string, changes: { keep?: readonly PendingRow[]; drop?: readonly string[] }): Promise<void> {
    await this.#table.applyAll(table, {
      upserts: (changes.keep ?? []).map((row) => ({ rowKey: row.id, document: form.mark(row) })),
      deletes: changes.drop ?? [],
    });
  }

  /** Rows in the order of their ids, after the given one. */
  async page(table: string, after: string | undefined, pageSize: number): Promise<PendingRow[]> {
    // The smallest key that follows `after`: ids hold only digits, letters and dashes.
    const page = await this.#table.list(table, { from: after === undefined ? undefined : `${after} `, pageSize });
    return page.entities.map((entity) => this.#read(entity));
  }

  /** Those of some rows that are pending. */
  async among(table: string, ids: readonly string[]): Promise<PendingRow[]> {
    const found = await Promise.all(ids.map((id) => this.#table.get(table, id)));
    return found.filter((entity) => entity !== undefined).map((entity) => this.#read(entity));
  }

  async *all(table: string): AsyncGenerator<PendingRow> {
    for await (const entity of listAll(this.#table, table)) yield this.#read(entity);
  }

  /** A row whose record cannot be read is pending all the same: that much its key tells, and the next try writes it anew. */
  #read(entity: StoredEntity): PendingRow {
    const row = form.read(entity, this.#tell);
    // The key alone says which row it is: pages go on from it.
    if (row !== undefined) return { ...row, id: entity.rowKey };
    const at = new Date(0).toISOString();
    return {
      id: entity.rowKey,
      mapRowId: entity.rowKey,
      cause: 'failed',
      reason: 'What was known of this row could not be read; it is tried again.',
      firstTriedAt: at,
      lastTriedAt: at,
      runId: '',
    };
  }
}
